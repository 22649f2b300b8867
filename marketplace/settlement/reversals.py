"""Reversal of a settled line: the same path as settling, with the opposite sign, in the open period."""

from datetime import date
from uuid import UUID

from ..accreditation import services as accreditation
from ..attribution import services as attribution
from ..attribution.services import Taken
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..linkage import services as linkage
from ..payments import refunds
from ..payments import services as payments
from ..procurement import services as procurement
from ..quota import services as quota
from . import figures
from .models import SettledLine


def reverse(
    actor: Actor,
    line_id: UUID,
    *,
    quantity: int,
    net: int | None = None,
    reason: str,
    red_invoice_number: str = "",
    issued_on: date | None = None,
    refund_serial: str = "",
    restocked: bool = False,
) -> SettledLine:
    """The supplier records that goods of a settled line came back and their money went back; returns the reversal.

    `quantity` thousandths of the order unit, `net` of the base unit where the line is priced by weight. Quota, grants,
    figures and pools follow; what was distributed already becomes recoverable, set against coming money. `restocked`
    gives the goods back to their lot. Errors: see record_return, record_red_invoice; NotFound outside the supplier's.
    """
    return reverse_for(
        actor,
        line_id,
        quantity=quantity,
        net=net,
        reason=reason,
        red_invoice_number=red_invoice_number,
        issued_on=issued_on,
        refund_serial=refund_serial,
        restocked=restocked,
    )


def reverse_for(
    actor: Actor,
    line_id: UUID,
    *,
    quantity: int,
    net: int | None,
    reason: str,
    red_invoice_number: str,
    issued_on: date | None,
    refund_serial: str,
    restocked: bool,
    request_id: UUID | None = None,
) -> SettledLine:
    """`reverse`, for the buyer's request if there is one: while it asks for the line's goods, nothing else takes them."""
    actor.require("return.record")
    of = sale(actor, line_id)
    reversal_id, today = new_id(), clock.today()
    back = procurement.record_return(
        actor,
        reversal_id,
        of.line_id,
        quantity=quantity,
        net=net,
        reason=reason,
        restocked=restocked,
        request_id=request_id,
    )
    gone = back.money_fen - of.money_fen  # came back before the line settled
    if back.row.money_fen:  # a part too small for a fen has no invoice; the next one carries it
        payments.record_red_invoice(
            of.bill_id,
            reversal_id,
            number=red_invoice_number,
            issued_on=issued_on or today,
            amount_fen=back.row.money_fen,
            refund_serial=refund_serial,
        )
        refunds.link(of.bill_id, refund_serial.strip(), reversal_id, back.row.money_fen)
    attributed, owed = attribution.reverse(
        Taken(
            reversal_id=reversal_id,
            line_id=of.id,
            supplier_id=of.supplier_id,
            lot_id=of.lot_id,
            division=of.origin,
            money_fen=of.money_fen,
            before_fen=back.before_fen - gone,
            after_fen=back.after_fen - gone,
            base=back.base,
            concerns=of.period,
        ),
        today,
    )
    values = _values(of) | {
        "id": reversal_id,
        "reverses_id": of.id,
        "concerns_period": of.period,
        "day": today,
        "period": clock.period(today),
        "quantity": -back.row.quantity,
        "net": -back.row.net,
        "money_fen": -back.row.money_fen,
        "attributed_fen": -attributed,
        "owed_fen": -owed,
    }
    row = SettledLine(**values)
    db.session.add(row)
    db.session.flush()
    procurement.mark_returned(of.order_line_id, back.row.quantity)
    if restocked:
        linkage.give_back(of.lot_id, back.base)
    if of.plan_id:
        quota.settle(of.plan_id, 0, -back.row.money_fen)
    if grant := procurement.grant_of(of.order_line_id):
        accreditation.use({grant: -back.row.money_fen})
    figures.grow([values])
    audit.record(actor, "line.reverse", "order", of.order_id, number=back.row.number, fen=back.row.money_fen)
    db.session.flush()
    return row


def sale(actor: Actor, line_id: UUID) -> SettledLine:
    """A settled sale of the actor's supplier. Raises NotFound."""
    own = (SettledLine.supplier_id == actor.organisation) & SettledLine.reverses_id.is_(None)
    return by_id(SettledLine, line_id, own, "settled_line")


def _values(of: SettledLine) -> dict:
    return {column.key: getattr(of, column.key) for column in SettledLine.__table__.columns}
