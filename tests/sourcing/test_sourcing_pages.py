"""The pages of finding the offer: written, answered, compared and awarded by forms; a framework signed and called off."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.actor import PUBLIC, Actor
from marketplace.core.db import transaction
from marketplace.identity import tokens
from marketplace.sourcing import services as sourcing
from tests.factories import world as factory
from tests.sourcing.asking import Market, after, after_deadline


@pytest.fixture
def ask(app, client) -> Callable[..., Any]:
    """ask(actor, url) gets, ask(actor, url, form) posts; the page's own errors are shown when the status differs."""
    secrets: dict[Any, str] = {}

    def ask(actor: Actor, url: str, form: dict | None = None, status: int = 200) -> Any:
        if actor.user and actor.user not in secrets:
            with transaction():
                secrets[actor.user] = tokens.create_token(actor, "test")[1]
        headers = {"Authorization": f"Bearer {secrets[actor.user]}"} if actor.user else {}
        answer = client.get(url, headers=headers) if form is None else client.post(url, data=form, headers=headers)
        assert answer.status_code == status, told(answer)
        return answer

    return ask


def told(answer: Any) -> str:
    """What a page says, for a failing test."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text.partition("<h1")[2])[:1500].split())


def typed(market: Market, **changes) -> dict[str, Any]:
    today = clock.today()
    values = {
        "kind": "rfq",
        "title": "十二月水果",
        "answer_on": today + timedelta(days=5),
        "until_day": today + timedelta(days=60),
        "address": "云阳街道 1 号",
        "contact": "陈老师",
        "supplier_ids": [str(one.id) for one in market.sellers],
        "lines.0.name": "黄桃",
        "lines.0.category_code": "peach",
        "lines.0.quantity": "100",
        "lines.0.unit": "千克",
        "lines.0.from_day": today + timedelta(days=10),
        "lines.0.until_day": today + timedelta(days=12),
        "lines.1.name": "",
        "lines.1.unit": "千克",
    }
    return values | changes


def answer(market: Market, request, place: int, price: str, most: str = "100") -> dict[str, Any]:
    with transaction(write=False):
        [line] = sourcing.request_lines(request)
        return {
            "lines.0.line_id": line.id,
            "lines.0.offer_id": market.sellers[place].offer,
            "lines.0.price_fen": price,
            "lines.0.most": most,
            "lines.0.lead_days": "2",
            "valid_until": clock.today() + timedelta(days=30),
        }


def test_a_request_goes_its_whole_way_by_forms(market: Market, ask):
    world = market.world
    ask(world.requester, "/buyer/sourcing")
    ask(world.requester, "/buyer/sourcing/new")
    made = ask(world.requester, "/buyer/sourcing/new", typed(market), 303)
    url = made.location
    request = UUID(url.rpartition("/")[2])
    assert "黄桃" in ask(world.requester, url).text
    ask(world.requester, f"{url}/edit", typed(market, title="改过的名称"), 303)
    assert "改过的名称" in ask(world.requester, f"{url}/edit").text
    ask(market.sellers[0].actor, f"/supplier/sourcing/{request}", status=404)
    ask(world.requester, f"{url}/open", {}, 303)
    assert "报价密封" in ask(world.approver, url).text
    assert "改过的名称" in ask(market.sellers[0].actor, "/supplier/sourcing").text
    for place, price, most in ((0, "10.00", "100"), (2, "45.00", "40")):
        path = f"/supplier/sourcing/{request}"
        assert "SEALED" not in ask(market.sellers[place].actor, path).text
        ask(market.sellers[place].actor, path, answer(market, request, place, price, most), 303)
        assert "已报价" in ask(market.sellers[place].actor, path).text
    before = ask(world.approver, url).text
    assert "箱装合作社" not in before.split("询问对象")[0]
    with after_deadline():
        shown = ask(world.approver, url).text
        assert shown.index("箱装合作社") < shown.index("桃源合作社")  # 9.00 before 10.00 per kg
        with transaction(write=False):
            row = sourcing.request(world.approver, request)
            [line] = sourcing.compare(world.approver, row).lines
            form = {"version": row.version}
            for place, one in enumerate(line.answers):
                form |= {
                    f"parts.{place}.line_id": line.line.id,
                    f"parts.{place}.quotation_id": one.quotation.id,
                    f"parts.{place}.quantity": "0" if place == 0 else "100",
                    f"parts.{place}.reason": "",
                }
        refused = ask(world.approver, f"{url}/award", form, 422).text
        assert "数量应大于零" in refused or "有 1 处要改" in refused
        form |= {"parts.0.quantity": ""}
        assert "还有更低的报价没有用完" in ask(world.approver, f"{url}/award", form, 422).text
        form |= {"parts.0.quantity": "40", "parts.1.quantity": "60"}
        with transaction():
            assert sourcing.close_due() == 1  # the worker, after the page was opened
        ask(world.approver, f"{url}/award", form, 303)
        done = ask(world.requester, url).text
        assert "定标结果" in done
        assert "采购单草稿" in done
        assert "转为框架协议" in done
        supplier = {"supplier_id": market.sellers[0].id}
        ask(world.requester, f"{url}/framework", {}, 422)
        drafted = ask(world.requester, f"{url}/framework", supplier, 303).location
        assert 'value="10.00"' in ask(world.requester, drafted).text
        assert drafted.removesuffix("/edit") in ask(world.requester, url).text
        assert "已经转成框架协议" in ask(world.requester, f"{url}/framework", supplier, 409).text
        assert "中选" in ask(market.sellers[0].actor, f"/supplier/sourcing/{request}").text
        assert "未中选" not in ask(market.sellers[0].actor, f"/supplier/sourcing/{request}").text
        ask(market.sellers[0].actor, "/supplier/sourcing?state=all")


def test_what_is_wrong_in_a_form_is_shown_at_its_control_and_kept(market: Market, ask):
    world = market.world
    form = typed(market, title="", **{"lines.0.quantity": "0", "answer_on": clock.today() - timedelta(days=1)})
    shown = ask(world.requester, "/buyer/sourcing/new", form, 422).text
    assert 'value="黄桃"' in shown
    form = typed(market, **{"lines.0.quantity": "0", "lines.0.category_code": ""})
    shown = ask(world.requester, "/buyer/sourcing/new", form, 422).text
    assert "f-lines.0.quantity" in shown
    with transaction():
        request = market.asked()
    wrong = answer(market, request, 0, "0")
    assert "请填单价" in ask(market.sellers[0].actor, f"/supplier/sourcing/{request}", wrong, 422).text


def test_suppliers_are_found_by_name_county_and_what_they_sell_and_what_was_typed_stays(market: Market, ask):
    """Without a script: red when the search stores the draft, or drops what was typed or chosen."""
    world, url = market.world, "/buyer/sourcing/new"
    names = ["桃源合作社", "茶陵县果业合作社", "箱装合作社"]

    def found(**find: str) -> list[str]:
        form = typed(market, supplier_ids=[str(market.sellers[0].id)], find="1") | find
        shown = ask(world.requester, url, form, 422).text
        assert 'value="黄桃"' in shown
        assert "bf-summary" not in shown
        chosen, _, rest = shown.partition("查找供应商")
        assert names[0] in chosen.partition("已选的供应商")[2]
        return [name for name in names if name in rest.partition("勾选要问的")[2]]

    assert found() == names[1:]
    assert found(find_words="果业") == names[1:2]
    assert found(find_words="%") == []
    assert found(find_county=factory.CHALING) == names[1:2]
    assert found(find_category="peach") == names[1:]
    assert found(find_category="ginger") == []
    assert ask(world.requester, "/api/v1/rfqs").json["total"] == 0


def test_a_request_starts_such_as_a_product(market: Market, ask):
    world = market.world
    with transaction(write=False):
        code = catalogue.one(market.sellers[2].offer).code
    like = f"/buyer/sourcing/new?like={code}"
    assert f'href="{like}"' in ask(world.requester, f"/products/{code}").text
    assert "/buyer/sourcing/new" not in ask(PUBLIC, f"/products/{code}").text
    shown = ask(world.requester, like).text
    assert 'value="黄桃 炎陵县箱装合作社"' in shown
    assert '<option value="peach" selected>' in shown
    assert f'name="lines.0.product_id" value="{market.sellers[2].product}" checked' in shown
    ask(world.requester, "/buyer/sourcing/new?like=unknown")
    form = typed(market, **{"lines.0.product_id": market.sellers[2].product, "lines.0.category_code": ""})
    made = ask(world.requester, like, form, 303).location
    assert f'value="{market.sellers[2].product}" checked' in ask(world.requester, f"{made}/edit").text


def test_a_quotation_is_withdrawn_and_a_request_cancelled_by_forms(market: Market, ask):
    with transaction():
        request = market.asked()
        quotation = market.answered(request, 0, 1000)
    ask(market.sellers[1].actor, f"/supplier/sourcing/quotations/{quotation}/withdraw", {}, 404)
    ask(market.sellers[0].actor, f"/supplier/sourcing/quotations/{quotation}/withdraw", {}, 303)
    path = f"/buyer/sourcing/{request}/cancel"
    ask(market.world.requester, path)
    ask(market.world.requester, path, {"reason": ""}, 422)
    ask(market.world.requester, path, {"reason": "预算调整"}, 303)
    assert "预算调整" in ask(market.sellers[1].actor, f"/supplier/sourcing/{request}").text


def test_posted_demand_is_on_public_pages_without_a_person_and_is_joined_by_a_form(market: Market, ask):
    with transaction():
        demand = market.pooled(note="只要本季的")
        joiner, _ = market.agency("思聪小学")
        [line] = sourcing.request_lines(demand)
        line = line.id
    shown = ask(PUBLIC, f"/demands/{demand}").text
    assert "只要本季的" in shown
    assert "陈老师" not in shown
    assert "云阳街道" not in shown
    assert "十二月水果" in ask(PUBLIC, "/demands").text
    assert "十二月水果" in ask(joiner, "/buyer/sourcing/pools").text
    path = f"/buyer/sourcing/pools/{demand}"
    ask(joiner, path)
    ask(joiner, path, {"lines.0.line_id": line, "lines.0.quantity": ""}, 422)
    ask(joiner, path, {"lines.0.line_id": line, "lines.0.quantity": "0.5 吨", "contact": "李老师"}, 422)
    ask(joiner, path, {"lines.0.line_id": line, "lines.0.quantity": "500", "contact": "李老师"}, 303)
    assert "600.000" in ask(joiner, f"/buyer/sourcing/{demand}").text
    ask(joiner, f"{path}/leave", {}, 303)
    with after(3):
        ask(market.sellers[0].actor, f"/supplier/sourcing/{demand}", answer(market, demand, 0, "10"), 303)
        ask(joiner, path, {"lines.0.line_id": line, "lines.0.quantity": "500"}, 409)


def test_a_framework_goes_its_whole_way_by_forms(market: Market, ask):
    world, today = market.world, clock.today()
    supplier = market.sellers[0].id
    ask(world.requester, "/buyer/frameworks")
    ask(world.requester, "/buyer/frameworks/new")
    new = f"/buyer/frameworks/new?supplier={supplier}"
    ask(world.requester, new)
    form = {
        "supplier_id": supplier,
        "title": "水果框架协议",
        "from_day": today,
        "until_day": today + timedelta(days=90),
        "lines.0.offer_id": market.sellers[0].offer,
        "lines.0.price_fen": "10.50",
        "lines.0.ceiling": "100",
    }
    ask(world.requester, new, form | {"until_day": today - timedelta(days=1)}, 422)
    url = ask(world.requester, new, form, 303).location
    id_ = url.rpartition("/")[2]
    ask(world.requester, f"{url}/edit")
    del form["supplier_id"]
    ask(world.requester, f"{url}/edit", form | {"title": "改过的协议"}, 303)
    ask(world.approver, url)
    ask(world.approver, f"{url}/propose", {}, 303)
    path = f"/supplier/sourcing/frameworks/{id_}"
    assert "改过的协议" in ask(world.manager, "/supplier/sourcing/frameworks").text
    ask(world.manager, path)
    ask(market.sellers[1].actor, path, status=404)
    ask(world.manager, f"{path}/decline", {"reason": ""}, 422)
    ask(world.manager, f"{path}/sign", {}, 303)
    ask(world.manager, path)
    assert "按协议下单" in ask(world.requester, url).text
    line = {"lines.0.offer_id": market.sellers[0].offer}
    ask(world.requester, f"{url}/call-off", line | {"lines.0.quantity": ""}, 422)
    order = ask(world.requester, f"{url}/call-off", line | {"lines.0.quantity": "20"}, 303).location
    assert "10.50" in ask(world.requester, order).text
    amended = ask(world.requester, f"{url}/amend", {}, 303).location
    ask(world.requester, amended)
    ask(world.requester, amended.replace("/edit", "/withdraw"), {}, 303)
    ask(world.approver, f"{url}/end")
    ask(world.approver, f"{url}/end", {"reason": ""}, 422)
    ask(world.approver, f"{url}/end", {"reason": "质量不稳定"}, 303)
    assert "质量不稳定" in ask(world.manager, path).text
    ask(world.requester, "/buyer/frameworks?state=ended")


def test_a_supplier_does_not_learn_who_else_was_asked(market: Market, ask):
    """Red when the buyer's page opens to suppliers."""
    with transaction():
        request = market.asked()
        other = "茶陵县果业合作社"
    ask(market.sellers[0].actor, f"/buyer/sourcing/{request}", status=403)
    assert other not in ask(market.sellers[0].actor, f"/supplier/sourcing/{request}").text
    ask(market.world.requester, f"/supplier/sourcing/{request}", status=403)
    assert other in ask(market.world.requester, f"/buyer/sourcing/{request}").text
