"""What comes after delivery, walked through the pages of every side."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.identity import services as identity
from marketplace.identity import tokens
from marketplace.payments.models import Bill
from marketplace.procurement import services as procurement
from marketplace.procurement.after_models import OrderDispute, Recall, ReturnRequest, Review
from marketplace.procurement.models import AcceptanceLine
from tests.api.callers import Caller, token_of
from tests.factories.world import CHALING, World, actor

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build()
        world.extra["lot"] = world.lot()
        acceptance, bill = world.accepted(world.shipped(world.extra["lot"]))
        world.extra |= {"order": acceptance.order_id, "bill": bill.id}
        world.extra["line"] = db.session.scalars(select(AcceptanceLine.id)).one()
        world.extra["order_line"] = db.session.scalars(select(AcceptanceLine.order_line_id)).one()
    return world


@pytest.fixture
def ask(app, client) -> Callable[..., Any]:
    """ask(actor, url) gets, ask(actor, url, form) posts."""
    secrets: dict[Any, str] = {}

    def ask(actor: Any, url: str, form: dict | None = None, status: int = 200) -> Any:
        if actor.user not in secrets:
            with transaction():
                secrets[actor.user] = tokens.create_token(actor, "test")[1]
        headers = {"Authorization": f"Bearer {secrets[actor.user]}"}
        answer = client.get(url, headers=headers) if form is None else client.post(url, data=form, headers=headers)
        assert answer.status_code == status, answer.text[:2000]
        return answer

    return ask


def only(model: Any) -> Any:
    with transaction(write=False):
        return db.session.scalars(select(model)).one()


def test_a_return_goes_through_the_pages_of_both_sides(app, world, ask):
    url = f"/buyer/acceptance-lines/{world.extra['line']}/return"
    assert "申请退货" in ask(world.receiver, f"/buyer/orders/{world.extra['order']}").text
    form = {"quantity": "300", "reason": "quality", "words": "第三箱有霉斑"}
    assert "第三箱有霉斑" in ask(world.receiver, url, form, status=422).text
    photo = (io.BytesIO(PNG), "箱.png")
    ask(world.receiver, url, form | {"quantity": "20.5", "photos": photo}, status=303)
    row = only(ReturnRequest)
    page = f"/supplier/returns/{row.id}"
    with transaction(write=False):
        kept = procurement.photos_of([row.id])[row.id][0]
    assert ask(world.manager, f"{page}/photos/{kept}").data == PNG
    assert "请写明理由" in ask(world.manager, f"{page}/answer", {"agreed": "false"}, status=422).text
    ask(world.manager, f"{page}/answer", {"agreed": "true"}, status=303)
    ask(world.receiver, f"/buyer/returns/{row.id}/send-back", {"note": "自提"}, status=303)
    ask(world.manager, f"{page}/receive", {"restocked": "true"}, status=303)
    ask(world.manager, f"{page}/finish", {}, status=303)
    assert only(Bill).credited_fen == 24_600
    assert "冲减结算单" in ask(world.receiver, f"/buyer/returns/{row.id}").text
    assert row.number in ask(world.office, "/office/returns?state=done").text


def test_another_sides_link_leads_to_the_page_of_ones_own(app, world, ask):
    """A buyer sends its page's address to the supplier. Red when the buyer's page is shown to a supplier, whose forms
    it does not have: 500."""
    asked = {"quantity": "200", "reason": "quality", "words": "第三箱有霉斑"}
    ask(world.receiver, f"/buyer/acceptance-lines/{world.extra['line']}/return", asked, status=303)
    path = f"returns/{only(ReturnRequest).id}"
    assert ask(world.manager, f"/buyer/{path}", status=302).location == f"/supplier/{path}"
    order = f"orders/{world.extra['order']}"
    assert ask(world.receiver, f"/supplier/{order}", status=302).location == f"/buyer/{order}"
    assert ask(world.manager, "/office/reviews", status=302).location == "/supplier/reviews"
    assert ask(world.receiver, f"/supplier/{path}", status=302).location == f"/buyer/{path}"
    ask(world.manager, f"/supplier/{path}")
    ask(world.receiver, f"/supplier/{path}/answer", {"agreed": "true"}, status=403)


def test_a_dispute_is_raised_answered_and_decided(app, world, ask):
    raise_ = f"/buyer/orders/{world.extra['order']}/dispute"
    assert "结算单" in ask(world.requester, raise_).text
    ask(world.requester, raise_, {"about": f"order {world.extra['line']}", "words": "x"}, status=422)
    ask(world.requester, raise_, {"about": f"bill {world.extra['bill']}", "words": "数量与验收单不符"}, status=303)
    row = only(OrderDispute)
    assert "可答复到" in ask(world.office, f"/office/order-disputes/{row.id}").text
    answer = f"/supplier/order-disputes/{row.id}/answer"
    ask(world.manager, answer, {"words": "已核对", "files": (io.BytesIO(PNG), "单.png")}, status=303)
    decide = f"/office/order-disputes/{row.id}/decide"
    form = {"decision": "uphold", "remedy": "return", "words": "应退", "line_id": str(world.extra["line"])}
    ask(world.office, decide, form, status=422)
    ask(world.office, decide, form | {"quantity": "10"}, status=303)
    assert only(ReturnRequest).state == "agreed"
    assert "应退" in ask(world.manager, f"/supplier/order-disputes/{row.id}").text
    assert row.number in ask(world.manager, "/supplier/order-disputes").text


def test_a_recall_is_opened_answered_ended_and_public(app, world, ask, client):
    lot = world.extra["lot"]
    with transaction(write=False):
        number = procurement.recalls(world.manager)[1], db.session.scalar(select(AcceptanceLine.lot_id))
    assert number == (0, lot)
    form = {"hazard": "residue", "instruction": "destroy", "words": "抽检超标", "act_by": clock.today().isoformat()}
    ask(world.manager, f"/supplier/lots/{lot}/recall", form | {"act_by": "2020-01-01"}, status=422)
    ask(world.manager, f"/supplier/lots/{lot}/recall", form, status=303)
    row = only(Recall)
    assert "正在召回" in ask(world.receiver, f"/buyer/orders/{world.extra['order']}").text
    given = {"held": "0", "returned": "0", "destroyed": "200"}
    page = f"/buyer/recalls/{row.id}"
    ask(world.receiver, f"{page}/answer", given | {"held": "1"}, status=422)
    ask(world.receiver, f"{page}/answer", given, status=303)
    ask(world.manager, f"/supplier/recalls/{row.id}/end", {"result": "已全部销毁"}, status=303)
    assert "已全部销毁" in client.get("/recalls").text
    assert row.lot_number in ask(world.office, f"/office/recalls?number={row.lot_number}").text


def test_a_line_is_reviewed_answered_and_hidden(app, world, ask, client):
    url = f"/buyer/order-lines/{world.extra['order_line']}/review"
    ask(world.receiver, url, {"quality": "9", "packing": "4", "punctuality": "3"}, status=422)
    ask(world.receiver, url, {"quality": "5", "packing": "4", "punctuality": "3", "words": "个头匀"}, status=303)
    ask(world.receiver, url, {"quality": "4", "packing": "4", "punctuality": "3", "words": "个头匀净"}, status=303)
    row = only(Review)
    ask(world.manager, f"/supplier/reviews/{row.id}/reply", {"words": "谢谢"}, status=303)
    assert "个头匀净" in client.get("/products/YL-HT-0312").text
    ask(world.office, f"/office/reviews/{row.id}/hide", {"reason": ""}, status=422)
    ask(world.office, f"/office/reviews/{row.id}/hide", {"reason": "写了人名"}, status=303)
    assert "个头匀净" not in client.get("/products/YL-HT-0312").text


def test_an_office_sets_its_days(app, world, ask):
    page = "/office/order-disputes/days"
    form = {"kind": "return_ask", "days": "3", "from_day": clock.today().isoformat()}
    ask(world.office, page, form, status=303)
    ask(world.office, page, form, status=422)
    assert "3" in ask(world.office, page).text


def test_everybody_reads_the_days_that_apply_to_them_and_the_platform_states_them(app, world, ask):
    """Red when a stranger's own term is shown, or another than the platform states one."""
    with transaction():
        home = identity.add_organisation(SYSTEM, "platform", "平台", CHALING).id
        platform = actor(home, {"platform"})
        stranger = identity.add_organisation(SYSTEM, "agency", "思聪小学", CHALING, agency_kind="budget_unit").id
    buyer, page = world.requester.organisation, "/office/acceptance-terms"
    form = {"from_day": clock.today().isoformat(), "days": "3", "agency_id": str(buyer), "basis": "供货合同第 7 条"}
    ask(world.office, page, form, status=403)
    ask(platform, page, form | {"basis": ""}, status=422)
    ask(platform, page, form, status=303)
    ask(platform, page, form, status=409)
    ask(platform, page, form | {"agency_id": str(stranger), "basis": "别家的合同"}, status=303)
    assert "现在对本单位：3 天" in ask(world.requester, "/buyer/acceptance-terms").text
    for who, url in ((world.requester, "/buyer"), (world.manager, "/supplier"), (world.office, "/office")):
        shown = ask(who, f"{url}/acceptance-terms").text
        assert "供货合同第 7 条" in shown
        assert "合同未约定时的默认天数" in shown
        assert "别家的合同" not in shown
        assert 'name="days"' not in shown
        assert f"{url}/acceptance-terms" in ask(who, f"{url}/orders").text
    with transaction():
        token = token_of(world.manager)
    answer = Caller(app, token).get("deeming-terms")
    assert [(row["days"], row["agency_id"]) for row in answer["items"]] == [(3, str(buyer)), (10, None)]
