"""Bills: for an acceptance, for a month's acceptances, for what an order costs before it ships; and what pays them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, insert_rows, new_id, visible
from ..core.errors import Conflict
from ..core.numbers import numbered, take
from ..identity import services as identity
from ..notices import services as notices
from . import rules
from .models import Bill, BillPart
from .terms import Terms, terms_on

TO_PAY = ("to_pay", "partly_paid")


def within(actor: Actor) -> Any:
    return visible(
        actor.scope, supplier=Bill.supplier_id, agency=Bill.agency_id, division=(Bill.division, Bill.agency_division)
    )


@dataclass(frozen=True)
class Delivered:
    """What a bill demands money for: one acceptance, `total_fen` of it, delivered on `day`, accepted on `accepted_on`."""

    acceptance_id: UUID
    order_id: UUID
    supplier_id: UUID
    agency_id: UUID
    division: str
    agency_division: str
    day: date
    total_fen: int
    accepted_on: date | None = None


def make_bill(delivered: Delivered, terms: Terms) -> Bill:
    """The bill for an acceptance, whatever was agreed of months. The supplier's account is copied as text of that day."""
    due = rules.due_on(delivered.day, accepted_on=delivered.accepted_on, clock=terms.clock, days=terms.days)
    row = _add(delivered, "acceptance", delivered.total_fen, terms, delivered.day, due, delivered.day)
    _add_part(delivered, row.id)
    return row


def defer(delivered: Delivered) -> None:
    """An acceptance that the month's bill will carry."""
    _add_part(delivered, None)


def ask_prepayment(delivered: Delivered, terms: Terms) -> Bill:
    """The bill for a whole order before it ships; its `acceptance_id` is not looked at."""
    due = delivered.day + timedelta(days=terms.days)
    return _add(delivered, "prepay", delivered.total_fen, terms, delivered.day, due, delivered.day)


def bill_months(until: date, agency_id: UUID | None = None, supplier_id: UUID | None = None) -> list[Bill]:
    """A bill for each agency and supplier, of everything delivered up to `until` that waits for one."""
    waiting = (
        select(BillPart)
        .where(BillPart.bill_id.is_(None), BillPart.delivered_on <= until)
        .order_by(BillPart.acceptance_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if agency_id:
        waiting = waiting.where(BillPart.agency_id == agency_id)
    if supplier_id:
        waiting = waiting.where(BillPart.supplier_id == supplier_id)
    pairs: dict[tuple[UUID, UUID], list[BillPart]] = {}
    for part in db.session.scalars(waiting):
        pairs.setdefault((part.agency_id, part.supplier_id), []).append(part)
    return [_month_bill(parts) for _, parts in sorted(pairs.items())]


def _month_bill(parts: list[BillPart]) -> Bill:
    one, today = parts[0], clock.today()
    first = min(part.delivered_on for part in parts)
    terms = terms_on(one.agency_id, one.supplier_id, max(part.delivered_on for part in parts))
    due = rules.month_due_on(today, first, terms.days)
    row = _add(one, "month", sum(part.fen for part in parts), terms, today, due, first)
    for part in parts:
        part.bill_id = row.id
    db.session.flush()
    return row


def make_month_bill(actor: Actor, agency_id: UUID) -> Bill:
    """The supplier bills an agency for everything that waits, before the month ends. Raises Conflict('nothing_to_bill')."""
    actor.require("bill.make")
    made = bill_months(clock.today(), agency_id, actor.organisation)
    if not made:
        raise Conflict("nothing_to_bill")
    audit.record(actor, "bill.make", "bill", made[0].id, number=made[0].number, fen=made[0].total_fen)
    return made[0]


def unbilled(actor: Actor) -> list[tuple[UUID, UUID, int, int]]:
    """(agency, supplier, how many acceptances, fen) that wait for the month's bill, within scope."""
    actor.require("bill.read")
    seen = visible(
        actor.scope,
        supplier=BillPart.supplier_id,
        agency=BillPart.agency_id,
        division=(BillPart.division, BillPart.agency_division),
    )
    query = select(BillPart.agency_id, BillPart.supplier_id, func.count(), func.sum(BillPart.fen))
    query = query.where(BillPart.bill_id.is_(None), seen).group_by(BillPart.agency_id, BillPart.supplier_id)
    return [(agency, supplier, count, int(fen)) for agency, supplier, count, fen in db.session.execute(query)]


def _add(of: Any, kind: str, fen: int, terms: Terms, day: date, due: date, delivered_on: date) -> Bill:
    supplier = identity.named({of.supplier_id})[of.supplier_id]
    row = Bill(
        id=new_id(),
        number=numbered("JS", day.year, owner=str(of.supplier_id))[0],
        payment_code=_payment_code(day.year),
        kind=kind,
        acceptance_id=of.acceptance_id if kind == "acceptance" else None,
        order_id=None if kind == "month" else of.order_id,
        supplier_id=of.supplier_id,
        agency_id=of.agency_id,
        division=of.division,
        agency_division=of.agency_division,
        account_name=supplier.account_name or supplier.name,
        bank_reference=supplier.bank_reference,
        total_fen=fen,
        interest_ppm=terms.interest_ppm,
        issued_on=day,
        delivered_on=delivered_on,
        due_on=due,
    )
    db.session.add(row)
    db.session.flush()
    notices.tell(
        "bill_to_pay",
        organisation_id=row.agency_id,
        about=("bill", row.id),
        number=row.number,
        permission="transfer.record",
        act_by=due,
        total_fen=fen,
    )
    return row


def _add_part(delivered: Delivered, bill_id: UUID | None) -> None:
    insert_rows(
        BillPart,
        [
            {
                "acceptance_id": delivered.acceptance_id,
                "bill_id": bill_id,
                "order_id": delivered.order_id,
                "supplier_id": delivered.supplier_id,
                "agency_id": delivered.agency_id,
                "division": delivered.division,
                "agency_division": delivered.agency_division,
                "fen": delivered.total_fen,
                "delivered_on": delivered.day,
                "accepted_on": delivered.accepted_on or delivered.day,
            }
        ],
    )


def _payment_code(year: int) -> str:
    """A code for the transfer's remark: BF, year, number, and a check digit against typing errors."""
    digits = f"{year % 100:02d}{take(f'PAYCODE:{year}'):07d}"
    return f"BF{digits}{rules.check_digit(digits)}"


def pay(bill: Bill, fen: int, day: date, *done: str) -> int:
    """Of `fen` that came on `day`, what the locked bill still asks pays it; returns that. The rest is the caller's.

    `done`: kinds of messages about the bill that are done as well.
    """
    applied = max(0, min(fen, rules.left_fen(bill)))
    bill.paid_fen += applied
    whole = applied > 0 and not rules.left_fen(bill)
    if applied:
        bill.state = rules.BILL.after("pay" if whole else "pay_part", bill.state)
    if whole:
        bill.paid_on = max(day, bill.paid_on or day)
        bill.days_to_pay = (bill.paid_on - bill.delivered_on).days
        done = (*done, "bill_to_pay")
    if done:
        notices.done_about("bill", [bill.id], *done)
    return applied


def lock_bills(parts: ColumnElement[bool]) -> dict[UUID, Bill]:
    """Acceptance → its bill, of these parts of bills; locked for the transaction in the order of their ids."""
    query = (
        select(BillPart.acceptance_id, Bill)
        .join(Bill, Bill.id == BillPart.bill_id)
        .where(parts)
        .order_by(Bill.id)
        .with_for_update(of=Bill)
    )
    return {row[0]: row[1] for row in db.session.execute(query.execution_options(populate_existing=True))}


def lock_bills_of(acceptance_ids: Iterable[UUID]) -> dict[UUID, Bill]:
    """Acceptance → its bill, locked."""
    return lock_bills(BillPart.acceptance_id.in_(set(acceptance_ids)))


def paid_by(bill: Bill) -> ColumnElement[bool]:
    """The parts of bills that a payment of this bill may settle; a prepayment's, those of its order."""
    return BillPart.order_id == bill.order_id if bill.kind == "prepay" else BillPart.bill_id == bill.id


def acceptances_paid_by(bill: Bill) -> list[UUID]:
    """The acceptances that a payment of this bill may settle."""
    query = select(BillPart.acceptance_id).where(paid_by(bill), BillPart.bill_id.is_not(None))
    return list(db.session.scalars(query.order_by(BillPart.acceptance_id)))


def bill(actor: Actor, bill_id: UUID) -> Bill:
    """A bill within scope. Raises NotFound."""
    actor.require("bill.read")
    return by_id(Bill, bill_id, within(actor), "bill")


def listed(
    actor: Actor, *, state: str | None = None, due_before: date | None = None, page: int = 1, size: int = 25
) -> tuple[list[Bill], int]:
    """Bills within scope, those due first, and how many there are; `to_pay` names those paid in part as well."""
    actor.require("bill.read")
    query = select(Bill).where(within(actor))
    if state:
        query = query.where(Bill.state.in_(TO_PAY) if state == "to_pay" else Bill.state == state)
    if due_before:
        query = query.where(Bill.due_on < due_before)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    open_first = case((Bill.state.in_(TO_PAY), 0), else_=1)
    rows = db.session.scalars(
        query.order_by(open_first, Bill.due_on, Bill.number).limit(size).offset((page - 1) * size)
    )
    return list(rows), total


@dataclass(frozen=True)
class Due:
    """Unpaid fen of the bills within scope by when they fall due, and how many are overdue."""

    week_fen: int = 0
    later_fen: int = 0
    overdue_fen: int = 0
    overdue: int = 0

    @property
    def total_fen(self) -> int:
        return self.week_fen + self.later_fen + self.overdue_fen


def due(actor: Actor) -> Due:
    """What is still to come (or to pay), one statement."""
    actor.require("bill.read")
    today = clock.today()
    bucket = case((Bill.due_on < today, "overdue"), (Bill.due_on <= today + timedelta(days=7), "week"), else_="later")
    query = select(bucket, func.sum(Bill.total_fen - Bill.credited_fen - Bill.paid_fen), func.count())
    found = {
        name: (int(fen), int(number))
        for name, fen, number in db.session.execute(query.where(within(actor), Bill.state.in_(TO_PAY)).group_by(bucket))
    }
    zero = (0, 0)
    return Due(
        week_fen=found.get("week", zero)[0],
        later_fen=found.get("later", zero)[0],
        overdue_fen=found.get("overdue", zero)[0],
        overdue=found.get("overdue", zero)[1],
    )


def count_to_pay(actor: Actor) -> int:
    """How many bills within the actor's scope ask for more than the transfers recorded so far."""
    asking = Bill.total_fen - Bill.credited_fen - Bill.paid_fen > Bill.recorded_fen
    query = select(func.count()).select_from(Bill).where(Bill.state.in_(TO_PAY), within(actor), asking)
    return db.session.scalar(query) or 0


def bills_of(order_ids: Iterable[UUID]) -> dict[UUID, list[Bill]]:
    """Bills by order, a month's under each of its orders; the caller has checked scope."""
    wanted = set(order_ids)
    parts = select(BillPart.order_id, BillPart.bill_id).where(
        BillPart.order_id.in_(wanted), BillPart.bill_id.is_not(None)
    )
    prepaid = select(Bill.order_id, Bill.id).where(Bill.order_id.in_(wanted), Bill.kind == "prepay")
    pairs = {(order_id, bill_id) for order_id, bill_id in db.session.execute(parts.union(prepaid))}
    rows = {row.id: row for row in db.session.scalars(select(Bill).where(Bill.id.in_({bill for _, bill in pairs})))}
    found: dict[UUID, list[Bill]] = {}
    listed_ = [(order_id, rows[bill_id]) for order_id, bill_id in pairs if order_id and bill_id]
    for order_id, row in sorted(listed_, key=lambda pair: (pair[1].issued_on, pair[1].number)):
        found.setdefault(order_id, []).append(row)
    return found


def bill_by_acceptance(acceptance_ids: Iterable[UUID]) -> dict[UUID, Bill]:
    """Acceptance → its bill, where it has one; the caller has checked scope."""
    query = (
        select(BillPart.acceptance_id, Bill)
        .join(Bill, Bill.id == BillPart.bill_id)
        .where(BillPart.acceptance_id.in_(set(acceptance_ids)))
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def bills_by_ids(bill_ids: Iterable[UUID]) -> dict[UUID, Bill]:
    """The caller has checked scope."""
    return {row.id: row for row in db.session.scalars(select(Bill).where(Bill.id.in_(set(bill_ids))))}


def parts_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[BillPart]]:
    """The acceptances that each bill is for, in the order of delivery; a prepayment has none."""
    query = select(BillPart).where(BillPart.bill_id.in_(set(bill_ids)))
    found: dict[UUID, list[BillPart]] = {}
    for row in db.session.scalars(query.order_by(BillPart.delivered_on, BillPart.acceptance_id)):
        found.setdefault(row.bill_id, []).append(row)  # type: ignore[arg-type]
    return found
