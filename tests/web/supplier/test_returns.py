"""The supplier records a return from its bill; both sides see it."""

from sqlalchemy import select

from marketplace.core.db import db, transaction
from marketplace.settlement.models import SettledLine


def test_a_return_is_recorded_from_the_bill_and_shown_to_both_sides(app, world, ask):
    with transaction():
        bill = world.settled(world.extra["lot"])
        line = db.session.scalars(select(SettledLine.id).where(SettledLine.bill_id == bill.id)).one()
    assert "登记退货" in ask(world.manager, f"/supplier/bills/{bill.id}").text
    form = f"/supplier/settled-lines/{line}/return"
    assert "还可退" in ask(world.manager, form).text
    values = {"quantity": "201", "reason": "变质", "red_invoice_number": "HZ001", "refund_serial": "TK001"}
    refused = ask(world.manager, form, values, status=422).text
    assert "退货超过验收数量" in refused
    assert 'value="201"' in refused
    ask(world.manager, form, values | {"quantity": "50"}, status=303)
    assert "HZ001" in ask(world.manager, f"/supplier/bills/{bill.id}").text
    assert "HZ001" in ask(world.finance, f"/buyer/bills/{bill.id}").text
    ask(world.clerk, form, status=403)
