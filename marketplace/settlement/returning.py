"""Goods that the supplier has back: what had settled is reversed, what had not comes off its bill.

Which of the two it is, the bill's lock decides: a return and a payment that meet end exact in either order.
"""

from datetime import date
from uuid import UUID

from ..core.actor import Actor
from ..core.db import db, new_id
from ..core.errors import Refused
from ..linkage import services as linkage
from ..payments import services as payments
from ..payments.models import Bill, BillPart
from ..procurement import services as procurement
from ..procurement.after_models import ReturnRequest
from ..quota import services as quota
from .models import SettledLine
from .reversals import reverse_for
from .settling import settle_ready


def finish_return(
    actor: Actor,
    request_id: UUID,
    *,
    red_invoice_number: str = "",
    issued_on: date | None = None,
    refund_serial: str = "",
) -> ReturnRequest:
    """The supplier ends a return whose goods it has: money goes back, or its bill asks for less.

    A red-letter invoice is needed where a tax invoice was recorded or the line had settled; a refund's bank serial
    where it had settled. Raises NotFound; Conflict: wrong_state, return_awaits_settlement, transfer_waits; Refused:
    credit_beyond_due, invoice_number_needed, invoice_exists, bank_serial_needed, day_in_future.
    """
    request = procurement.to_finish(actor, request_id)
    acceptance = procurement.lock_acceptance_of(request.acceptance_line_id)
    part = payments.lock_part(acceptance.id)
    bill = payments.lock_bills_of([acceptance.id]).get(acceptance.id)
    if db.session.get(SettledLine, request.acceptance_line_id):
        row = reverse_for(
            actor,
            request.acceptance_line_id,
            quantity=request.quantity,
            net=request.net,
            reason=request.words[:200],
            red_invoice_number=red_invoice_number,
            issued_on=issued_on,
            refund_serial=refund_serial,
            restocked=bool(request.restocked),
            request_id=request.id,
        )
        procurement.finish(actor, request, row.id, -row.money_fen)
        return request
    return_id, fen = _credit(actor, request, part, bill, red_invoice_number, issued_on)
    procurement.finish(actor, request, return_id, fen)
    settle_ready(actor, [acceptance.id])  # of a bill paid in part, what is left may be paid by now
    return request


def _credit(
    actor: Actor,
    request: ReturnRequest,
    part: BillPart | None,
    bill: Bill | None,
    number: str,
    issued_on: date | None,
) -> tuple[UUID, int]:
    """Takes a return off what its line will settle for, off its bill and off the plan. Returns its id and fen."""
    if bill:
        payments.refuse_if_paying(bill)
    return_id = new_id()
    back = procurement.record_return(
        actor,
        return_id,
        request.acceptance_line_id,
        quantity=request.quantity,
        net=request.net,
        reason=request.words[:200],
        restocked=bool(request.restocked),
        credited=True,
        request_id=request.id,
    )
    fen = back.row.money_fen
    if bill and fen:
        payments.credit(bill, return_id, fen)
        if payments.invoiced(bill.id):
            payments.record_red_invoice(
                bill.id,
                return_id,
                number=number,
                issued_on=issued_on or back.row.day,
                amount_fen=fen,
                refund_serial=None,
            )
        elif number.strip():
            raise Refused("nothing_invoiced", field="red_invoice_number")
    elif part and fen:
        payments.lower_part(part, fen)
    line, of = procurement.parts_of([request])[request.acceptance_line_id]
    order, released = procurement.mark_credited(of.order_id, of.id, request.quantity, fen)
    if request.restocked:
        linkage.give_back(line.lot_id, back.base)
    if order.plan_id:
        quota.release(order.plan_id, released)
    return return_id, fen
