"""The payment clock: interest of late bills, and how agencies pay (days to pay, arrears), as figures for the public."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import case, func, select

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, lies_in, new_id
from ..core.errors import Conflict, Refused
from ..core.numbers import numbered
from ..identity import services as identity
from ..notices import services as notices
from . import bills, rules, transfers
from .models import Bill, CreditUse, InterestClaim, Transfer

# Days overdue: up to a month, up to two, more.
BUCKETS = (("to_30", 1, 30), ("to_60", 31, 60), ("over_60", 61, None))


def interest_of(of: Collection[Bill], until: date | None = None) -> dict[UUID, int]:
    """Bill → interest so far in fen, from its due day to `until` (today), those without any left out. Two statements."""
    until = until or clock.today()
    late = [row for row in of if row.kind != "prepay" and row.due_on < (row.paid_on or until)]
    paid = _paid({row.id for row in late})
    found = {row.id: _interest(row, paid.get(row.id, []), row.due_on, until) for row in late}
    return {id_: fen for id_, fen in found.items() if fen}


def _interest(bill: Bill, paid: Iterable[tuple[date, int]], from_day: date, until: date) -> int:
    return rules.interest(
        bill.total_fen - bill.credited_fen,
        paid,
        due=bill.due_on,
        from_day=from_day,
        until=until,
        ppm=bill.interest_ppm,
    )


def _paid(bill_ids: Collection[UUID]) -> dict[UUID, list[tuple[date, int]]]:
    """Bill → (day, fen) of what paid it."""
    if not bill_ids:
        return {}
    came = select(Transfer.bill_id, Transfer.paid_on, Transfer.applied_fen).where(
        Transfer.bill_id.in_(bill_ids), Transfer.state == "confirmed"
    )
    used = select(CreditUse.bill_id, CreditUse.day, CreditUse.fen).where(CreditUse.bill_id.in_(bill_ids))
    found: dict[UUID, list[tuple[date, int]]] = {}
    for query in (came, used):
        for bill_id, day, fen in db.session.execute(query):
            found.setdefault(bill_id, []).append((day, fen))
    return found


def claim_interest(actor: Actor, bill_id: UUID) -> InterestClaim:
    """The supplier claims the interest since the last claim: money of its own, neither volume nor attributed.

    Raises Conflict('nothing_accrued').
    """
    actor.require("interest.claim")
    bill = by_id(Bill, bill_id, Bill.supplier_id == actor.organisation, "bill", lock=True)
    until = min(clock.today(), bill.paid_on or clock.today())
    last = db.session.scalar(select(func.max(InterestClaim.until_day)).where(InterestClaim.bill_id == bill_id))
    from_day = last or bill.due_on
    paid = _paid({bill_id}).get(bill_id, [])
    # Of the whole time less what was claimed: rounded once, however often it is claimed.
    fen = _interest(bill, paid, bill.due_on, until) - _interest(bill, paid, bill.due_on, from_day)
    if fen <= 0 or bill.kind == "prepay":
        raise Conflict("nothing_accrued")
    row = InterestClaim(
        id=new_id(),
        number=numbered("LX", until.year)[0],
        bill_id=bill_id,
        from_day=from_day,
        until_day=until,
        interest_ppm=bill.interest_ppm,
        fen=fen,
        claimed_by=actor.user,
        claimed_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    transfers.tell_about(bill, "interest.claim", actor, fen=fen, number=row.number)
    notices.tell(
        "interest_claimed",
        organisation_id=bill.agency_id,
        about=("bill", bill.id),
        number=bill.number,
        permission="transfer.record",
        who=identity.named({bill.supplier_id})[bill.supplier_id].name,
        fen=fen,
    )
    return row


def close_claim(actor: Actor, claim_id: UUID, *, paid: bool, reason: str) -> InterestClaim:
    """The supplier says that claimed interest came (`reason`: the bank's serial), or that it waives it.

    Raises Refused('reason_needed'), Conflict('wrong_state').
    """
    actor.require("interest.claim")
    own = InterestClaim.bill_id.in_(select(Bill.id).where(Bill.supplier_id == actor.organisation))
    row = by_id(InterestClaim, claim_id, own, "interest_claim", lock=True)
    state = rules.CLAIM.after("pay" if paid else "waive", row.state)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.state, row.reason, row.closed_at = state, reason.strip(), clock.now()
    bill = by_id(Bill, row.bill_id)
    transfers.tell_about(bill, "interest.pay" if paid else "interest.waive", actor, fen=row.fen, number=row.number)
    db.session.flush()
    still = select(InterestClaim.id).where(InterestClaim.bill_id == bill.id, InterestClaim.state == "claimed")
    if db.session.scalar(still.limit(1)) is None:
        notices.done_about("bill", [bill.id], "interest_claimed")
    return row


def claim(actor: Actor, claim_id: UUID) -> tuple[InterestClaim, Bill]:
    """Interest claimed, of the supplier's own bills. Raises NotFound."""
    actor.require("bill.read")
    own = InterestClaim.bill_id.in_(select(Bill.id).where(Bill.supplier_id == actor.organisation))
    row = by_id(InterestClaim, claim_id, own, "interest_claim")
    return row, by_id(Bill, row.bill_id)


def claims_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[InterestClaim]]:
    """Bill → interest claimed, oldest first; the caller has checked scope."""
    query = select(InterestClaim).where(InterestClaim.bill_id.in_(set(bill_ids))).order_by(InterestClaim.from_day)
    found: dict[UUID, list[InterestClaim]] = {}
    for row in db.session.scalars(query):
        found.setdefault(row.bill_id, []).append(row)
    return found


@dataclass
class Discipline:
    """How an agency pays. Days run from delivery to the last payment, of bills paid within the year before `until`."""

    agency_id: UUID
    paid: int = 0
    paid_fen: int = 0
    late: int = 0
    median_days: float | None = None
    average_days: float | None = None
    open_fen: int = 0
    overdue: int = 0
    overdue_fen: int = 0
    buckets: dict[str, int] = field(default_factory=dict)


def discipline(prefix: str = "", until: date | None = None) -> list[Discipline]:
    """Every agency of a division that has bills, those in arrears first. For the public: amounts and days, no persons.

    Two statements, whatever the number of bills.
    """
    until = until or clock.today()
    of: dict[UUID, Discipline] = {}
    here = lies_in(Bill.agency_division, prefix) if prefix else Bill.id.is_not(None)
    settled = (
        select(
            Bill.agency_id,
            Bill.days_to_pay,
            func.count(),
            func.sum(Bill.paid_fen),
            func.sum(case((Bill.paid_on > Bill.due_on, 1), else_=0)),
        )
        .where(here, Bill.kind != "prepay", Bill.state == "paid", Bill.days_to_pay.is_not(None))
        .where(Bill.paid_on.between(until - timedelta(days=365), until))
        .group_by(Bill.agency_id, Bill.days_to_pay)
    )
    days: dict[UUID, list[tuple[int, int]]] = {}
    for agency_id, took, number, fen, late in db.session.execute(settled):
        row = of.setdefault(agency_id, Discipline(agency_id))
        row.paid, row.paid_fen, row.late = row.paid + number, row.paid_fen + int(fen), row.late + int(late)
        days.setdefault(agency_id, []).append((took, number))
    for agency_id, taken in days.items():
        of[agency_id].median_days = rules.median(taken)
        of[agency_id].average_days = round(sum(took * number for took, number in taken) / of[agency_id].paid, 1)
    _arrears(of, here, until)
    return sorted(of.values(), key=lambda row: (-row.overdue_fen, -row.paid_fen, str(row.agency_id)))


def _arrears(of: dict[UUID, Discipline], here: object, until: date) -> None:
    left = Bill.total_fen - Bill.credited_fen - Bill.paid_fen
    bucket = case(
        (Bill.due_on >= until, "open"),
        (Bill.due_on >= until - timedelta(days=30), "to_30"),
        (Bill.due_on >= until - timedelta(days=60), "to_60"),
        else_="over_60",
    )
    query = (
        select(Bill.agency_id, bucket, func.count(), func.sum(left))
        .where(here, Bill.kind != "prepay", Bill.state.in_(bills.TO_PAY))  # type: ignore[arg-type]
        .group_by(Bill.agency_id, bucket)
    )
    for agency_id, name, number, fen in db.session.execute(query):
        row = of.setdefault(agency_id, Discipline(agency_id))
        row.open_fen += int(fen)
        if name != "open":
            row.overdue, row.overdue_fen = row.overdue + number, row.overdue_fen + int(fen)
            row.buckets[name] = row.buckets.get(name, 0) + int(fen)
