"""An agency's pages after approval: orders, acceptance, bills, plan."""

from uuid import UUID

import pytest

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.payments import services as payments
from marketplace.procurement import services as procurement


@pytest.fixture
def shipment(world) -> UUID:
    with transaction():
        return world.shipped(world.lot(1_000_000, price_fen=680), 200_000)


def order_of(world, shipment) -> UUID:
    with transaction(write=False):
        return procurement.shipment(world.receiver, shipment)[1].id


def counted(world, shipment, accepted: str, **more: str) -> dict[str, str]:
    with transaction(write=False):
        line = procurement.shipment(world.receiver, shipment)[0].lines[0]
    return {"lines.0.shipment_line_id": str(line.id), "lines.0.accepted": accepted, "witness": "周立新"} | more


def bill_of(world, order) -> UUID:
    with transaction(write=False):
        return payments.bills_of([order])[order][0].id


def test_every_buyer_page_opens_with_its_key_figure(world, ask, shipment):
    order = order_of(world, shipment)
    assert "验收第 1 批" in ask(world.receiver, "/buyer/").text
    assert "¥2,400.00" in ask(world.requester, f"/buyer/orders/{order}").text
    assert "2,400.00" in ask(world.requester, "/buyer/orders?group=open&sort=-total_fen").text
    assert "YL-HT-0312" in ask(world.requester, "/buyer/orders?format=csv").text
    assert "已批准 1" in ask(world.requester, "/buyer/requisitions").text
    assert "承诺达标合格证" in ask(world.receiver, f"/buyer/shipments/{shipment}/accept").text
    ask(world.receiver, f"/buyer/shipments/{shipment}/accept", counted(world, shipment, "200"), 303)
    bill = bill_of(world, order)
    assert "¥2,400.00" in ask(world.finance, "/buyer/").text
    assert "JS-" in ask(world.finance, "/buyer/bills").text
    page = ask(world.finance, f"/buyer/bills/{bill}").text
    assert "示例银行 000000" in page
    assert 'value="2400.00"' in page
    assert "¥10,000.00" in ask(world.finance, "/buyer/plan").text
    for person in (world.requester, world.approver, world.receiver, world.finance):
        ask(person, "/buyer/")


def test_accepting_all_makes_a_bill(world, ask, shipment):
    answer = ask(world.receiver, f"/buyer/shipments/{shipment}/accept", counted(world, shipment, "200"), 303)
    assert "/buyer/orders/" in answer.location
    assert bill_of(world, order_of(world, shipment))
    ask(world.receiver, f"/buyer/shipments/{shipment}/accept", status=302)  # counted once


def test_less_than_shipped_needs_its_reason_and_the_count_stays_typed(world, ask, shipment):
    url = f"/buyer/shipments/{shipment}/accept"
    page = ask(world.receiver, url, counted(world, shipment, "198.4"), 422).text
    assert "有拒收，请选原因" in page
    assert 'value="198.4"' in page
    assert 'value="周立新"' in page
    ask(world.receiver, url, counted(world, shipment, "198.4", **{"lines.0.reason": "bruised"}), 303)
    assert "拒收 1.600" in ask(world.receiver, f"/buyer/orders/{order_of(world, shipment)}").text


def test_a_lot_without_its_papers_is_marked_and_refused(world, ask):
    with transaction():
        shipment = world.shipped(world.lot(papers=False), 200_000)
    url = f"/buyer/shipments/{shipment}/accept"
    assert "缺，不能收" in ask(world.receiver, url).text
    assert "缺批次单据：承诺达标合格证" in ask(world.receiver, url, counted(world, shipment, "200"), 422).text


def test_a_transfer_above_the_bill_is_refused_and_the_right_one_recorded(world, ask, shipment):
    ask(world.receiver, f"/buyer/shipments/{shipment}/accept", counted(world, shipment, "200"), 303)
    bill = bill_of(world, order_of(world, shipment))
    url, day = f"/buyer/bills/{bill}/transfer", clock.today().isoformat()
    page = ask(world.finance, url, {"fen": "2,400.01", "paid_on": day, "bank_serial": "T1"}, 422).text
    assert "应付 ¥2,400.00" in page
    assert 'value="2,400.01"' in page
    ask(world.finance, url, {"fen": "2,400.00", "paid_on": day, "bank_serial": "T1"}, 303)
    assert "待供应商确认" in ask(world.finance, f"/buyer/bills/{bill}").text
    ask(world.requester, url, {"fen": "1", "paid_on": day, "bank_serial": "T1"}, 403)


def test_cancelling_what_is_open_gives_the_quota_back(world, ask):
    with transaction():
        order = world.approved(200_000)[0]
        line = procurement.lines_of([order])[order][0].id
    url = f"/buyer/orders/{order}/cancel"
    form = {"lines.0.order_line_id": str(line), "lines.0.quantity": "300", "reason": "改了菜谱"}
    assert "最多 200.000" in ask(world.requester, url, form, 422).text
    ask(world.requester, url, form | {"lines.0.quantity": "50"}, 303)
    assert "取消 <b>50.000</b>" in ask(world.requester, f"/buyer/orders/{order}").text
    assert "¥1,800.00" in ask(world.requester, "/buyer/plan").text


def test_the_plan_opens_to_the_lines_that_make_it(world, ask):
    with transaction():
        world.settled(world.lot(1_000_000, price_fen=680), 200_000)
    page = ask(world.requester, "/buyer/plan").text
    assert page.count("2,400.00") >= 3
    assert "SO-" in page
