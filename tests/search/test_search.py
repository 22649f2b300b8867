"""The search room on both engines, against a plain reading of the same documents."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from marketplace.core.db import db, transaction
from marketplace.core.errors import Unavailable
from marketplace.search import services
from marketplace.search.documents import Query
from tests.search.documents import DAY, market, peach

MARKET = market(300)


def fill(documents):
    with transaction():
        services.replace(documents)


def ask(text="", **facts):
    return services.search(Query(day=facts.pop("day", DAY), text=text, size=100, **facts))


def ids(documents):
    return {document.offer_id for document in documents}


QUERIES = "黄桃 炎陵 炎陵黄桃 礼盒 礼盒装 桃 桃礼 ylht ht huangtao yanling OF-2026-000123 of-2026-0001 123 Yellow PEACH"


@pytest.mark.parametrize(
    "query", [*QUERIES.split(), "合作社", "中村", "果品", "绿色食品", "guopin", "黄 桃", "黄桃 礼盒"]
)
def test_a_name_is_found_by_words_inside_it_pinyin_code_and_company(app, query):
    other = peach(1, code="OF-2026-000777", name="茶陵大蒜", supplier_name="虎踞家庭农场", categories=(("02", "蔬菜"),))
    other = replace(other, county_name="茶陵县", township_name="虎踞镇", summary="紫皮", certificates=())
    fill([peach(), other])
    found = ask(query)
    assert found.ids[0] == peach().offer_id
    assert found.total == 1


def test_what_has_the_words_in_its_name_comes_before_what_mentions_them(app):
    mention = peach(1, name="什锦果干", listed_at=datetime(2026, 11, 1, tzinfo=UTC), summary="含黄桃")
    fill([mention, peach()])
    assert ask("黄桃").ids == (peach().offer_id, mention.offer_id)


def test_filters_and_counts_equal_a_plain_reading(app):
    fill(MARKET)

    def plainly(document, *, text="", counties=(), categories=(), eligible=False, low=None, high=None):
        return (
            text in document.name
            and (not counties or document.county in counties)
            and (not categories or document.categories[-1][0] in categories)
            and (low is None or low <= document.comparable_price_fen <= high)
            and (
                not eligible
                or (
                    0 < document.eligible_from <= DAY.toordinal()
                    and (not document.eligible_to or DAY.toordinal() <= document.eligible_to)
                )
            )
        )

    for chosen in (
        {"text": "黄桃"},
        {"text": "黄桃", "counties": ("430225000000",)},
        {"counties": ("430225000000", "430224000000"), "categories": ("02",)},
        {"categories": ("04", "02"), "eligible": True},
        {"text": "白", "eligible": True, "low": 1500, "high": 6000},
    ):
        wanted = [document for document in MARKET if plainly(document, **chosen)]
        query = {name: value for name, value in chosen.items() if name not in ("low", "high")}
        found = ask(**query, price_from=chosen.get("low"), price_to=chosen.get("high"))
        assert found.total == len(wanted)
        assert set(found.ids) == ids(wanted) or found.total > 100
        # A filter's counts are those of a reader who had not used it.
        for county in ("430225000000", "511902000000"):
            as_if = [document for document in MARKET if plainly(document, **{**chosen, "counties": (county,)})]
            assert found.counts["county"].get(county, 0) == len(as_if)
        assert sum(found.counts["eligible"].values()) == len(
            [document for document in MARKET if plainly(document, **{**chosen, "eligible": False})]
        )


def test_the_day_of_the_query_decides_season_and_eligibility(app):
    garlic = peach(1, name="茶陵大蒜", season_from=1201, season_to=228, eligible_to=0)
    oil = peach(2, name="山茶油", season_from=0, season_to=0, eligible_from=0)
    fill([peach(), garlic, oil])
    assert set(ask(in_season=True, day=date(2026, 7, 20)).ids) == {peach().offer_id, oil.offer_id}
    assert set(ask(in_season=True, day=date(2026, 8, 31)).ids) == {oil.offer_id}
    assert set(ask(in_season=True, day=date(2027, 1, 15)).ids) == {garlic.offer_id, oil.offer_id}
    assert set(ask(eligible=True, day=date(2026, 12, 31)).ids) == {peach().offer_id, garlic.offer_id}
    assert set(ask(eligible=True, day=date(2027, 1, 1)).ids) == {garlic.offer_id}
    assert ask(eligible=True, day=date(2025, 12, 31)).total == 0


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("price", lambda document: document.comparable_price_fen),
        ("-price", lambda document: -document.comparable_price_fen),
        ("newest", lambda document: -document.listed_at.timestamp()),
        ("stock", lambda document: -document.available),
    ],
)
def test_pages_run_through_the_whole_of_a_sort_once(app, sort, key):
    fill(MARKET)
    pages = [services.search(Query(day=DAY, sort=sort, page=page, size=37)).ids for page in range(1, 10)]
    read = [offer_id for page in pages for offer_id in page]
    by_id = {document.offer_id: document for document in MARKET}
    assert sorted(read) == sorted(by_id)
    values = [key(by_id[offer_id]) for offer_id in read]
    assert values == sorted(values)
    assert services.search(Query(day=DAY, sort=sort, page=10**12, size=37)).ids == ()


def test_an_empty_text_is_all_and_prices_are_drawn_in_one_unit(app):
    fill(MARKET)
    found = ask()
    assert found.total == 300
    assert found.histogram.unit == "千克"
    assert sum(found.histogram.counts) == sum(document.comparable_unit == "千克" for document in MARKET)
    assert (len(found.histogram.counts), len(found.histogram.edges)) == (12, 13)
    oil = ask(unit="升")
    assert oil.histogram.unit == "升"
    assert sum(oil.histogram.counts) == oil.total


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("皇桃", "黄桃"), ("炎岭黄逃", "炎陵黄桃"), ("huangtoa", "黄桃"), ("礼合", "礼盒"), ("黄桃 xyzxyz", "黄桃")],
)
def test_words_that_find_nothing_are_answered_by_the_nearest_that_do(app, typed, meant):
    fill([*MARKET, peach()])
    found = ask(typed)
    assert (found.total, found.suggestion) == (0, meant)
    assert ask(meant).total


def test_nothing_like_it_is_no_suggestion(app):
    fill([peach()])
    assert ask("qqqqqq").suggestion is None


def test_filters_that_leave_nothing_say_what_each_would_give(app):
    fill(MARKET)
    found = ask("黄桃", categories=("02",), eligible=True)
    assert found.total == 0
    assert found.suggestion is None  # the word is right
    peaches = sum("黄桃" in document.name for document in MARKET)
    assert found.without["category"] == ask("黄桃", eligible=True).total
    assert found.without["text"] == ask(categories=("02",), eligible=True).total
    assert 0 < found.without["category"] <= peaches


def test_a_changed_offer_is_found_as_it_is_now_and_a_removed_one_not_at_all(app):
    fill([*MARKET, peach()])
    assert ask("黄桃礼盒").total
    before = ask().total
    fill([peach(name="炎陵猕猴桃", comparable_price_fen=9)])
    assert ask("猕猴桃").ids == (peach().offer_id,)
    assert peach().offer_id not in ask("黄桃").ids
    assert ask(price_to=9).ids == (peach().offer_id,)
    assert ask().total == before == services.count()
    with transaction():
        services.remove([peach().offer_id, UUID(int=5), UUID(int=10**9)])
    assert ask("猕猴桃").total == 0
    assert ask().total == before - 2 == services.count()


def test_repeating_a_replace_doubles_nothing(app):
    fill(MARKET)
    fill(MARKET)
    fill(reversed(MARKET))
    assert ask().total == 300 == services.count()
    assert ask("黄桃").total == sum("黄桃" in document.name for document in MARKET)


def test_a_rebuild_leaves_exactly_what_it_was_given(app):
    fill(MARKET)
    ask()
    with transaction():
        assert services.rebuild(iter([peach(), *MARKET[:10]])) == 11
    assert ask().total == 11 == services.count()
    assert ask("礼盒").ids[0] in ids([peach(), *MARKET[:10]])


def test_many_small_changes_end_as_a_fresh_index_would(app):
    """Every change makes a generation or a number; readers take each in turn, and make their columns anew in time."""
    held = {document.offer_id: document for document in MARKET[:40]}
    fill(held.values())
    for step in range(30):
        document = replace(MARKET[step], available=step, comparable_price_fen=10_000 + step)
        held[document.offer_id] = document
        fill([document])
        assert ask(price_from=10_000 + step, price_to=10_000 + step).total >= 1
    found = ask(sort="price")
    assert set(found.ids) == set(held)
    for word in ("黄桃", "大蒜", "白"):
        assert ask(word).total == sum(word in document.name for document in held.values())


@pytest.mark.parametrize(
    "text", ["'", "\\", "黄桃'", "a:b & !c | (d)", "%", "\x00", "桃" * 500, "🍑", "OR AND NOT *", "-"]
)
def test_no_text_is_an_error(app, text):
    fill([peach()])
    assert ask(text).total in (0, 1)


@pytest.mark.engine("sqlite")
def test_an_index_that_is_gone_is_said_and_can_be_made_again(app, settings):
    fill(MARKET)
    ask()
    shutil.rmtree(settings.var / "index")
    with pytest.raises(Unavailable):
        ask("黄桃")
    services.rebuild(iter(MARKET))
    assert ask().total == 300


@pytest.mark.engine("postgresql")
def test_a_write_that_is_rolled_back_was_never_found(app):
    fill([peach()])
    services.replace([peach(1)])
    db.session.rollback()
    assert ask().total == 1


def test_searching_writes_nothing(app):
    fill([peach()])
    with transaction(write=False):
        assert ask("黄桃").total == 1
