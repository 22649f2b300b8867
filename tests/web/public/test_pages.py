"""What everybody sees of one small county with a settled order."""

import pytest
from sqlalchemy import event

from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.search import gather
from marketplace.search import services as search
from tests.factories.world import World, list_offer, start_agreement


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=6)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        world.extra["second"] = list_offer(world.manager, world.product, "YL-HT-0313", breaks=[(10_000, 1500)])
        world.settled(world.lot(1_000_000, price_fen=680), 200_000)
    with transaction():
        search.rebuild(gather.documents())
    return world


def text(client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.text[:400]
    return answer.text


def test_every_public_page_opens_with_its_key_figure(world, client):
    home = text(client, "/")
    assert "¥2,400.00" in home  # what settled this year
    assert "6 <small>户</small>" in home  # each household once, though two agreements reach it
    assert "2 个产品" in text(client, "/catalogue")
    product = text(client, "/products/YL-HT-0312")
    assert "每千克 ¥12.00 里，农户得 ¥7.04" in product  # 6.80 of the slip, 0.24 of the dividend
    assert "中村瑶族乡" in product
    assert "9,800.000" not in product
    supplier = text(client, f"/suppliers/{world.manager.organisation}")
    assert "¥2,400.00" in supplier
    assert "炎陵黄桃 大果" in supplier
    assert "炎陵县桃源合作社" in text(client, "/suppliers")
    assert "RD-" in text(client, "/disclosure")
    assert "1,000,000.00" in text(client, "/disclosure")
    side = text(client, "/compare?compare=YL-HT-0312&compare=yl-ht-0313&compare=NO")
    assert side.count('scope="col"') == 2
    assert "¥15.00" in side


def test_filters_stay_in_the_url_and_each_can_be_dropped(world, client):
    page = text(client, "/catalogue?q=黄桃&category=peach&eligible=1&low=14")
    assert "1 个产品" in page
    assert "YL-HT-0313" in page
    assert "YL-HT-0312" not in page
    assert 'aria-label="去掉筛选：可计入预留份额"' in page


def test_nothing_found_names_the_nearest_word_and_what_each_filter_hides(world, client):
    assert "黄桃" in text(client, "/catalogue?q=黄逃")
    none = text(client, "/catalogue?q=黄桃&category=tea")
    assert "去掉“品类”" in none
    assert "2 个" in none


def test_stock_on_a_card_is_never_remembered(world, client):
    text(client, "/catalogue")
    with transaction():
        catalogue.set_stock(world.manager, world.offer, 1_234_000)
    assert "1,234 千克" in text(client, "/catalogue")


def test_a_withdrawn_offer_leaves_the_list_before_the_index_knows(world, client):
    text(client, "/catalogue")
    with transaction():
        catalogue.withdraw(world.manager, world.offer)
    assert "YL-HT-0312" not in text(client, "/catalogue")
    assert "已下架" in text(client, "/products/YL-HT-0312")


def test_the_catalogue_asks_one_statement_however_many_offers_it_shows(world, client):
    def statements() -> list[str]:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        text(client, "/catalogue")
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            text(client, "/catalogue")
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return [statement for statement in seen if " FROM offer" in statement.replace("\n", " ")]

    found = statements()
    assert len(found) == 1, found


def test_an_unknown_code_or_supplier_answers_404_and_strange_arguments_answer_200(world, client):
    text(client, "/products/NO-SUCH", 404)
    text(client, f"/suppliers/{world.requester.organisation}", 404)  # an agency is no supplier
    for arguments in ("?page=99999999", "?low=abc&high=-1", "?category=x&county=1", "?sort=nonsense&unit=千克千克千"):
        text(client, f"/catalogue{arguments}")
    text(client, "/products/YL-HT-0312?quantity=abc")


def test_suggestions_find_codes_words_and_pinyin(world, client):
    for typed in ("YL-HT-0312", "黄桃", "huangtao"):
        items = client.get("/catalogue/suggest", query_string={"q": typed}).json["items"]
        assert "YL-HT-0312" in [item["code"] for item in items], typed


def test_a_small_count_of_households_is_hidden(app, client):
    with transaction():
        world = World.build(families=3)
        world.lot()
    with transaction():
        search.rebuild(gather.documents())
    page = text(client, "/products/YL-HT-0312")
    assert "＜5" in page
    assert "3 户" not in page
    assert world.households
    assert clock.today()
