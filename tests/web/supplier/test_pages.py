"""Every page of the supplier opens with real rows and tells its figure; nobody else's rows open."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event

from marketplace.attribution import services as attribution
from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.identity import services as identity
from marketplace.linkage import services as linkage
from marketplace.procurement import services as procurement
from tests.factories.world import CHALING, VILLAGES, actor


def settle_one(world):
    """One order settled and distributed; returns (bill, distribution, one payout)."""
    bill = world.settled(world.extra["lot"], 200_000)
    row = attribution.prepare(world.clerk, bill.issued_on)
    attribution.approve(world.manager, row.id)
    return bill, row, attribution.payouts_of(row.id)[0]


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent within it."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_every_page_opens_and_tells_its_figure(app, world, ask):
    with transaction():
        bill, distribution, payout = settle_one(world)
        order, slip = world.approved()[0], linkage.slips_of_lot(world.extra["lot"])[0]
        procurement.confirm(world.manager, order)
        shipment = procurement.shipments_of([bill.order_id])[bill.order_id][0]
        pool = attribution.pool_of("lot", world.extra["lot"])
    household, lot, offer = payout.household_id, world.extra["lot"], world.offer
    pages = {
        "/supplier/": "要发货 1 单",
        "/supplier/orders": "SO-",
        f"/supplier/orders/{order}": "待发货",
        f"/supplier/orders/{bill.order_id}": "2,400.00",
        f"/supplier/orders/{order}/ship": "200.000",
        f"/supplier/orders/{order}/decline": "不接订单",
        f"/supplier/shipments/{shipment.id}": "HGZ-001",
        "/supplier/packing": "200.000",
        f"/supplier/packing?order={order}": "炎陵黄桃 大果",
        "/supplier/products": "YL-HT-0312",
        "/supplier/products/new": "中村瑶族乡 道任村",
        f"/supplier/products/{world.product}": "11.40",
        f"/supplier/products/{world.product}/edit": "炎陵黄桃 大果",
        f"/supplier/products/{world.product}/offers/new": "价格档",
        f"/supplier/offers/{offer}/edit": "11.40",
        f"/supplier/offers/{offer}/stock": "9,800.000",
        "/supplier/slips": slip.number,
        "/supplier/slips?only=unpaid": "付所选",
        f"/supplier/slips/{slip.id}": "1,700.00",
        "/supplier/slips/new": "张三0",
        f"/supplier/slips/new?household={household}": "毛重",
        "/supplier/slips/table": "张三0",
        "/supplier/slips/pay": "1,700.00",
        "/supplier/lots": "PC-",
        "/supplier/lots/new": "建批次",
        f"/supplier/lots/{lot}": "1,360.00",
        f"/supplier/pools/{lot}": "340.00",
        "/supplier/agreements": "LJ-",
        "/supplier/agreements/new": "联结方式",
        f"/supplier/agreements/{world.extra['dividend']}": "25.00",
        f"/supplier/agreements/{world.agreement}/consents": "已确认 4 户",
        f"/supplier/agreements/{world.agreement}/roster": "张三0",
        f"/supplier/agreements/{world.agreement}/end": "终止协议",
        "/supplier/households": "张三0",
        f"/supplier/households/{household}": "340.00",
        f"/supplier/households/{household}/pools/{pool.id}": "2,400.00",
        "/supplier/bills": bill.number,
        f"/supplier/bills/{bill.id}": "已付清",
        "/supplier/distributions": distribution.number,
        f"/supplier/distributions/{distribution.id}": "12.00",
        f"/supplier/distributions/{distribution.id}/list": "12.00",
        f"/supplier/distributions/{distribution.id}/list.csv": "12.00",
        "/supplier/orders?format=csv": "2400.00",
        "/supplier/slips?format=csv": "6.80",
        "/supplier/bills?format=csv": "2400.00",
        "/supplier/households?format=csv": "张三0",
    }
    for url, figure in pages.items():
        assert figure in ask(world.manager, url).text, url


def test_another_suppliers_rows_answer_as_unknown_ones(app, world, ask):
    with transaction():
        bill, distribution, payout = settle_one(world)
        slip = linkage.slips_of_lot(world.extra["lot"])[0]
        other = identity.add_organisation(SYSTEM, "supplier", "茶陵县别家合作社", CHALING, supplier_kind="cooperative")
        stranger = actor(other.id, {"supplier_manager"})
    for url in (
        f"/supplier/orders/{bill.order_id}",
        f"/supplier/products/{world.product}",
        f"/supplier/offers/{world.offer}/stock",
        f"/supplier/slips/{slip.id}",
        f"/supplier/lots/{world.extra['lot']}",
        f"/supplier/pools/{world.extra['lot']}",
        f"/supplier/agreements/{world.agreement}",
        f"/supplier/households/{payout.household_id}",
        f"/supplier/bills/{bill.id}",
        f"/supplier/distributions/{distribution.id}",
        f"/supplier/distributions/{distribution.id}/list",
    ):
        ask(stranger, url, status=404)


def test_the_home_asks_as_many_statements_for_many_orders_as_for_one(app, world, ask):
    def statements() -> int:
        ask(world.manager, "/supplier/")
        with counted() as sent:
            ask(world.manager, "/supplier/")
        return len(sent)

    with transaction():
        procurement.confirm(world.manager, world.approved(10_000)[0])
    one = statements()
    with transaction():
        for _ in range(5):
            procurement.confirm(world.manager, world.approved(10_000)[0])
    # A row that the session holds is not read again; whether it still does is the collector's affair.
    assert abs(statements() - one) <= 1


def test_a_paper_opens_for_its_own_supplier_only(app, world, ask, client):
    with transaction():
        lot = linkage.make_lot(
            world.manager, product_id=world.product, harvested_on=clock.today(), size=1000, division=VILLAGES[0]
        ).id
        other = identity.add_organisation(SYSTEM, "supplier", "茶陵县别家合作社", CHALING, supplier_kind="cooperative")
        stranger = actor(other.id, {"supplier_manager"})
    form = {"kind": "conformity", "number": "HGZ-7", "issued_on": clock.today().isoformat()}
    wrong = ask(world.clerk, f"/supplier/lots/{lot}", {**form, "file": (io.BytesIO(b"text"), "x.pdf")}, status=422)
    assert "只收 PDF" in wrong.text
    assert "HGZ-7" in wrong.text  # what was typed is kept
    ask(world.clerk, f"/supplier/lots/{lot}", {**form, "file": (io.BytesIO(b"%PDF-1.4 x"), "x.pdf")}, status=303)
    with transaction(write=False):
        paper = linkage.papers_of([lot])[lot][0]
    assert ask(world.clerk, f"/supplier/files/{paper.file_id}").data == b"%PDF-1.4 x"
    ask(stranger, f"/supplier/files/{paper.file_id}", status=404)
    ask(world.finance, f"/supplier/files/{paper.file_id}", status=404)


def test_a_late_order_is_shown_as_late(app, world, ask):
    with transaction():
        order = world.approved()[0]
        procurement.confirm(world.manager, order)
    with clock.fixed(clock.now() + timedelta(days=6)):
        assert "晚 3 天" in ask(world.manager, "/supplier/").text
