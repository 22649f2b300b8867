"""What the supplier's and the buyer's page of a bill both show: its acceptances, what came back, the three papers, the
clock and the interest."""

from typing import Any

from flask_babel import lazy_gettext as _l

from ..core import clock
from ..edge.current import actor
from ..payments import services as payments
from ..payments.rules import clock_of, left_fen
from ..procurement import services as procurement
from ..settlement import services as settlement
from . import returned

BILLING = [("acceptance", _l("每次验收开结算单")), ("month", _l("每月开一张结算单"))]
TERMS = [("credit", _l("验收后付款")), ("prepaid", _l("预付，先付款后发货"))]
CLOCKS = [("delivery", _l("交货日")), ("acceptance", _l("验收日（合同写明时）"))]


def of_bill(bill: Any) -> dict[str, Any]:
    """The template's values; the caller has checked scope. A prepayment has an order and no acceptance."""
    parts = payments.parts_of([bill.id]).get(bill.id, [])
    order_ids = {part.order_id for part in parts} | ({bill.order_id} if bill.order_id else set())
    wanted = {part.acceptance_id for part in parts}
    acceptances = [row for rows in procurement.acceptances_of(order_ids).values() for row in rows if row.id in wanted]
    back = [returned.of_acceptance(row) for row in acceptances]
    today = clock.today()
    return {
        "acceptances": sorted(acceptances, key=lambda row: (row.day, row.number)),
        "orders": {order_id: procurement.order(actor(), order_id) for order_id in sorted(order_ids)},
        "lines": {line.id: line for lines in procurement.lines_of(order_ids).values() for line in lines},
        "returns": [row for one in back for row in one["returns"]],
        "red_invoices": {id_: row for one in back for id_, row in one["red_invoices"].items()},
        "parts_of": {id_: row for one in back for id_, row in one["parts_of"].items()},
        "match": settlement.match_of(actor(), bill.id) if bill.kind != "prepay" else None,
        "uses": payments.uses_of([bill.id]).get(bill.id, []),
        "claims": payments.claims_of([bill.id]).get(bill.id, []),
        "interest_fen": payments.interest_of([bill]).get(bill.id, 0),
        "asked_fen": left_fen(bill),
        "clock": clock_of(bill.delivered_on, bill.due_on, bill.paid_on or today),
        "kind": kind_of(bill, today),
    }


def kind_of(bill: Any, today: Any) -> str:
    """A bill's badge: one past its day is overdue, whatever its row says."""
    return "overdue" if bill.state in payments.TO_PAY and bill.due_on < today else str(bill.state)
