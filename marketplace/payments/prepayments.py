"""Prepaid orders, and payers' credits: money that a supplier holds beyond the bills of an agency, used or given back.

A prepaid order has a bill of its own (`prepay`); what is paid on it is held for the order and pays the bills of its
acceptances, whichever comes first. The order and the prepayment's row are locked before either: of a payment and an
acceptance that meet, the later one sees both, so nothing is paid twice.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select

from ..core import audit, clock
from ..core.actor import SYSTEM, Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, NotFound, Refused
from ..core.numbers import numbered
from ..identity import services as identity
from ..notices import services as notices
from ..procurement import services as procurement
from . import bills, rules
from .bills import Delivered
from .models import Bill, BillPart, CreditUse, PayerCredit
from .terms import terms_on


def bill_acceptance(delivered: Delivered) -> Bill | None:
    """What an acceptance is billed by: its own bill, which a prepayment pays as far as it goes, or the month's (None).

    Once: the part of a bill that it makes has the acceptance as its key.
    """
    asked = _lock_prepayment(delivered.order_id)
    terms = terms_on(delivered.agency_id, delivered.supplier_id, delivered.day)
    if asked is None and terms.billing == "month":
        bills.defer(delivered)
        return None
    row = bills.make_bill(delivered, terms)
    if asked is not None:
        held = _lock_held(delivered.order_id)
        if held is not None:
            _use(SYSTEM, held, row, min(held.fen - held.used_fen - held.refunded_fen, rules.left_fen(row)))
        withdraw(asked, rules.left_fen(row))
    db.session.flush()
    return row


def ask(delivered: Delivered) -> Bill | None:
    """The prepayment that a confirmed order asks for, where the parties agreed on prepaying; once."""
    terms = terms_on(delivered.agency_id, delivered.supplier_id, delivered.day)
    if terms.terms != "prepaid" or _lock_prepayment(delivered.order_id) is not None:
        return None
    return bills.ask_prepayment(delivered, terms)


def lock_orders_of(bill_id: UUID | Select[tuple[UUID]]) -> None:
    """Whoever pays a bill locks its orders first, as whoever accepts or signs does: else two wait for each other."""
    ids = [bill_id] if isinstance(bill_id, UUID) else bill_id
    of_parts = select(BillPart.order_id).where(BillPart.bill_id.in_(ids))
    procurement.lock_orders(of_parts.union(select(Bill.order_id).where(Bill.id.in_(ids))))


def _lock_prepayment(order_id: UUID) -> Bill | None:
    query = select(Bill).where(Bill.order_id == order_id, Bill.kind == "prepay").with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _lock_held(order_id: UUID) -> PayerCredit | None:
    query = select(PayerCredit).where(PayerCredit.order_id == order_id, PayerCredit.kind == "prepaid")
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def withdraw(asked: Bill, fen: int) -> None:
    """A locked prepayment asks for so much less: its order's acceptance asks for it now, or nothing more will come."""
    less = min(fen, rules.open_fen(asked))
    if less <= 0:
        return
    asked.credited_fen += less
    if not rules.left_fen(asked):
        asked.state = rules.BILL.after("credit_rest" if asked.paid_fen else "credit", asked.state)
        if asked.paid_fen:
            asked.paid_on = asked.paid_on or clock.today()
        notices.done_about("bill", [asked.id], "bill_to_pay")
    db.session.flush()


def keep(actor: Actor, bill: Bill, fen: int, applied_fen: int) -> None:
    """What a payment of `fen` leaves to keep: of a prepayment all of it, for its order; else what the bill did not ask."""
    if bill.kind != "prepay":
        if fen > applied_fen:
            _overpaid(bill, fen - applied_fen)
        return
    held = _lock_held(bill.order_id)  # type: ignore[arg-type]
    if held is None:
        held = _credit(bill, "prepaid", fen, "held")
    else:
        held.fen += fen
        held.state = "held" if held.state == "held" else rules.CREDIT.after("grow", held.state)
    db.session.flush()
    for row in _open_bills(bill.order_id):  # type: ignore[arg-type]
        left = held.fen - held.used_fen - held.refunded_fen
        if left:
            _use(actor, held, row, min(left, rules.left_fen(row)))


def _open_bills(order_id: UUID) -> list[Bill]:
    query = select(Bill).where(Bill.order_id == order_id, Bill.kind == "acceptance", Bill.state.in_(bills.TO_PAY))
    query = query.order_by(Bill.id).with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def _overpaid(bill: Bill, fen: int) -> PayerCredit:
    row = _credit(bill, "overpaid", fen, "to_refund")
    notices.tell(
        "credit_to_refund",
        organisation_id=bill.supplier_id,
        about=("payer_credit", row.id),
        number=row.number,
        permission="credit.refund",
        who=identity.named({bill.agency_id})[bill.agency_id].name,
        fen=fen,
    )
    return row


def _credit(bill: Bill, kind: str, fen: int, state: str) -> PayerCredit:
    row = PayerCredit(
        id=new_id(),
        number=numbered("YK", clock.today().year)[0],
        kind=kind,
        bill_id=bill.id,
        order_id=bill.order_id if kind == "prepaid" else None,
        supplier_id=bill.supplier_id,
        agency_id=bill.agency_id,
        division=bill.division,
        agency_division=bill.agency_division,
        fen=fen,
        used_fen=0,
        refunded_fen=0,
        state=state,
        made_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def _use(actor: Actor, credit: PayerCredit, bill: Bill, fen: int) -> int:
    """A locked credit pays a locked bill, as far as both go."""
    applied = bills.pay(bill, fen, clock.today()) if fen > 0 else 0
    if not applied:
        return 0
    credit.used_fen += applied
    if credit.used_fen + credit.refunded_fen == credit.fen:
        credit.state = rules.CREDIT.after("use_up", credit.state)
        notices.done_about("payer_credit", [credit.id])
    db.session.add(
        CreditUse(
            id=new_id(),
            credit_id=credit.id,
            bill_id=bill.id,
            fen=applied,
            day=clock.today(),
            at=clock.now(),
            by=actor.user,
        )
    )
    db.session.flush()
    return applied


def use_credit(actor: Actor, credit_id: UUID, bill_id: UUID) -> Bill:
    """The agency pays a bill by what the supplier owes it back. Settlement calls it, and settles.

    Raises Conflict('wrong_state') for a credit that is held or gone, or a bill that asks for nothing; NotFound for a
    bill of another supplier.
    """
    actor.require("credit.use")
    own = PayerCredit.agency_id == actor.organisation
    lock_orders_of(bill_id)
    credit = by_id(PayerCredit, credit_id, own, "payer_credit", lock=True)
    mine = (Bill.agency_id == actor.organisation) & (Bill.supplier_id == credit.supplier_id) & (Bill.kind != "prepay")
    bill = by_id(Bill, bill_id, mine, "bill", lock=True)
    if credit.state != "to_refund":
        raise Conflict("wrong_state", what="payer_credit", state=credit.state, verb="use")
    if bill.state not in bills.TO_PAY or not rules.open_fen(bill):
        raise Conflict("wrong_state", what="bill", state=bill.state, verb="pay")
    fen = _use(actor, credit, bill, min(credit.fen - credit.used_fen, rules.open_fen(bill)))
    _tell_about(bill, "credit.use", actor, credit=credit.number, fen=fen)
    return bill


def refund_credit(actor: Actor, credit_id: UUID, *, serial: str, refunded_on: date) -> PayerCredit:
    """The supplier says that it gave back what is left. Raises Refused: bank_serial_needed, day_in_future; Conflict."""
    actor.require("credit.refund")
    own = PayerCredit.supplier_id == actor.organisation
    row = by_id(PayerCredit, credit_id, own, "payer_credit", lock=True)
    state = rules.CREDIT.after("refund", row.state)
    if not serial.strip():
        raise Refused("bank_serial_needed", field="serial")
    if refunded_on > clock.today():
        raise Refused("day_in_future", field="refunded_on")
    row.refunded_fen = row.fen - row.used_fen
    row.state, row.refund_serial, row.refunded_on, row.refunded_by = state, serial.strip(), refunded_on, actor.user
    audit.record(actor, "credit.refund", "payer_credit", row.id, number=row.number, fen=row.refunded_fen)
    notices.done_about("payer_credit", [row.id])
    notices.tell(
        "credit_refunded",
        organisation_id=row.agency_id,
        about=("payer_credit", row.id),
        number=row.number,
        fen=row.refunded_fen,
    )
    db.session.flush()
    return row


def open_prepayments() -> list[UUID]:
    """Orders whose prepayment still asks or holds something."""
    asking = select(Bill.order_id).where(Bill.kind == "prepay", Bill.state.in_(bills.TO_PAY))
    holding = select(PayerCredit.order_id).where(PayerCredit.kind == "prepaid", PayerCredit.state == "held")
    return [order_id for (order_id,) in db.session.execute(asking.union(holding)) if order_id]


def end(order_id: UUID) -> None:
    """Nothing more will come of a prepaid order: what it holds is to be given back, what it still asked is withdrawn."""
    asked = _lock_prepayment(order_id)
    if asked is not None and asked.state in bills.TO_PAY:
        withdraw(asked, rules.open_fen(asked))
    held = _lock_held(order_id)
    if held is None or held.state != "held":
        return
    held.state = rules.CREDIT.after("end", held.state)
    notices.tell(
        "credit_to_refund",
        organisation_id=held.supplier_id,
        about=("payer_credit", held.id),
        number=held.number,
        permission="credit.refund",
        who=identity.named({held.agency_id})[held.agency_id].name,
        fen=held.fen - held.used_fen,
    )
    db.session.flush()


def _tell_about(bill: Bill, verb: str, actor: Actor, **facts: int | str) -> None:
    kind, of = ("order", bill.order_id) if bill.order_id else ("bill", bill.id)
    audit.record(actor, verb, kind, of, bill=bill.number, **facts)


def within(actor: Actor) -> object:
    return visible(
        actor.scope,
        supplier=PayerCredit.supplier_id,
        agency=PayerCredit.agency_id,
        division=(PayerCredit.division, PayerCredit.agency_division),
    )


def payer_credit(actor: Actor, credit_id: UUID) -> PayerCredit:
    """A payer's credit within scope. Raises NotFound."""
    actor.require("bill.read")
    row = db.session.scalar(select(PayerCredit).where(PayerCredit.id == credit_id, within(actor)))  # type: ignore[arg-type]
    if row is None:
        raise NotFound("payer_credit")
    return row


def credits_listed(actor: Actor) -> list[PayerCredit]:
    """Payers' credits within scope, those to give back first."""
    actor.require("bill.read")
    rows = db.session.scalars(
        select(PayerCredit).where(within(actor)).order_by(PayerCredit.made_at.desc()).limit(500)  # type: ignore[arg-type]
    )
    order = ("to_refund", "held", "used", "refunded")
    return sorted(rows, key=lambda row: order.index(row.state))


def uses_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[CreditUse]]:
    """Bill → what of payers' credits paid it; the caller has checked scope."""
    found: dict[UUID, list[CreditUse]] = {}
    for row in db.session.scalars(select(CreditUse).where(CreditUse.bill_id.in_(set(bill_ids))).order_by(CreditUse.at)):
        found.setdefault(row.bill_id, []).append(row)
    return found
