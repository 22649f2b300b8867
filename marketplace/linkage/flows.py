"""Dated income with evidence: piece work, wages, rent, fixed dividends, surplus. Owed when recorded, paid by the next
distribution."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import aliased

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import db, fetch, new_id, visible
from ..core.errors import Many, Refused
from ..core.numbers import numbered
from ..households import services as households
from ..ledger.periods import posting_days
from ..ledger.services import Line, Posting, post_many
from . import accounts, rules, standing
from .agreements import own
from .models import Agreement, Flow
from .rosters import roster_on


@dataclass(frozen=True)
class Entry:
    """One household's income of a day: `quantity` thousandths at `rate_fen` for one, or `fen`. `member` is who worked,
    `evidence` the row's own voucher where it has one."""

    household_id: UUID
    quantity: int | None = None
    rate_fen: int | None = None
    fen: int | None = None
    member: str = ""
    evidence: str = ""


def record_flows(
    actor: Actor,
    agreement_id: UUID,
    day: date,
    entries: Sequence[Entry],
    *,
    evidence: str = "",
    file_id: UUID | None = None,
) -> list[Flow]:
    """Records a day's income of households on the agreement's roster, all or none; it is owed from now on.

    A voucher stands once for a household, member and day, so that a sheet read twice doubles nothing. Statements do not
    grow with the entries. Raises Refused: not_a_flow, agreement_not_in_force, day_in_future, no_entries; Many with rows:
    not_on_roster, evidence_needed, flow_exists, and what rules.flow_money refuses.
    """
    actor.require("flow.record")
    agreement = own(actor, agreement_id)
    _check(agreement, day)
    if not entries:
        raise Refused("no_entries", field="entries")
    if file_id:
        files.kept(actor, file_id)
    roster = roster_on(agreement_id, day)
    recorded = _recorded(agreement_id, day)
    errors: list[Refused] = []
    rows: list[dict[str, Any]] = []
    for number, entry in enumerate(entries, 1):
        try:
            row = _values(agreement, entry, roster, evidence.strip())
            _claim_voucher(row, recorded)
            rows.append(row)
        except Refused as refusal:
            refusal.row = number
            errors.append(refusal)
    if errors:
        raise Many(errors)
    return write(actor, agreement, day, rows, file_id)


def _check(agreement: Agreement, day: date) -> None:
    if not rules.is_flow(agreement.kind, agreement.sale_tied):
        raise Refused("not_a_flow", field="agreement_id", number=agreement.number)
    if agreement.state != "in_force" or day < agreement.starts_on or (agreement.ends_on and day > agreement.ends_on):
        raise Refused("agreement_not_in_force", field="agreement_id", number=agreement.number)
    if day > clock.today():
        raise Refused("day_in_future", field="day")


# (household, member, voucher) → the batch that it stands in, None where that entry was taken back.
_Vouchers = dict[tuple[UUID, str, str], str | None]


def _recorded(agreement_id: UUID, day: date) -> _Vouchers:
    back = aliased(Flow)
    query = (
        select(Flow.household_id, Flow.member, Flow.evidence, Flow.batch, back.id)
        .outerjoin(back, back.corrects_id == Flow.id)
        .where(Flow.agreement_id == agreement_id, Flow.day == day, Flow.corrects_id.is_(None))
    )
    return {
        (household, member, evidence): None if taken_back else batch
        for household, member, evidence, batch, taken_back in db.session.execute(query)
    }


def _claim_voucher(row: dict[str, Any], recorded: _Vouchers) -> None:
    """A voucher whose entry was taken back may be entered again, and says that it is. Raises Refused('flow_exists')."""
    voucher, again = row["evidence"], 0
    while (key := (row["household_id"], row["member"], row["evidence"])) in recorded:
        if (batch := recorded[key]) is not None:
            raise Refused("flow_exists", field="evidence", batch=batch)
        again += 1
        row["evidence"] = f"{voucher[:110]}（更正 {again}）"
    recorded[key] = "—"


def _values(agreement: Agreement, entry: Entry, roster: dict[UUID, int], evidence: str) -> dict[str, Any]:
    if entry.household_id not in roster:
        raise Refused("not_on_roster", field="household_id")
    voucher = entry.evidence.strip() or evidence
    if not voucher:
        raise Refused("evidence_needed", field="evidence")
    quantity, rate, fen = rules.flow_money(
        agreement.kind, agreement.rate_fen, entry.quantity, entry.rate_fen, entry.fen
    )
    return {
        "household_id": entry.household_id,
        "member": entry.member.strip(),
        "quantity": quantity,
        "unit": rules.FLOW_UNITS[agreement.kind] if quantity else "",
        "rate_fen": rate,
        "fen": fen,
        "evidence": voucher,
    }


def write(
    actor: Actor, agreement: Agreement, day: date, rows: Sequence[dict[str, Any]], file_id: UUID | None, batch: str = ""
) -> list[Flow]:
    """Inserts flows of an agreement, posts each and lets the households' standing grow."""
    supplier = agreement.supplier_id
    known = households.by_ids([row["household_id"] for row in rows])
    places = posting_days({row.present_division for row in known.values()}, day)
    number = batch or numbered("LS", day.year)[0]
    made = []
    for row in rows:
        division = known[row["household_id"]].present_division
        posted_on, _ = places[division]
        made.append(
            row
            | {
                "id": new_id(),
                "batch": number,
                "kind": agreement.kind,
                "supplier_id": supplier,
                "agreement_id": agreement.id,
                "division": division,
                "day": day,
                "posted_on": posted_on,
                "period": clock.period(posted_on),
                "file_id": file_id,
                "corrects_id": row.get("corrects_id"),
                "distribution_id": None,
                "recorded_at": clock.now(),
                "recorded_by": actor.user,
            }
        )
    db.session.execute(insert(Flow), made)
    owed: dict[UUID, int] = {}
    for row in made:
        owed[row["household_id"]] = owed.get(row["household_id"], 0) + row["fen"]
    standing.add_owed(supplier, owed)
    post_many([_posting(row, places[row["division"]][1]) for row in made])
    audit.record(actor, "flow.record", "agreement", agreement.id, count=len(made), fen=sum(owed.values()), batch=number)
    ids = [row["id"] for row in made]
    return list(db.session.scalars(select(Flow).where(Flow.id.in_(ids)).order_by(Flow.id)))


def _posting(row: dict[str, Any], concerns: int | None) -> Posting:
    expense = accounts.expense(row["kind"], row["supplier_id"])
    owed = accounts.owed(row["household_id"], row["supplier_id"])
    line = Line(expense, owed, row["fen"]) if row["fen"] > 0 else Line(owed, expense, -row["fen"])
    return Posting("flow", str(row["id"]), row["division"], row["posted_on"], [line], concerns)


def correct_flow(actor: Actor, flow_id: UUID, *, reason: str) -> Flow:
    """Takes a wrong entry back by a row as much below zero, once; the right one is recorded anew.

    Raises NotFound, Refused: reason_needed, flow_is_correction, flow_corrected, flow_of_surplus.
    """
    actor.require("flow.record")
    row = _own_flow(actor, flow_id)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    if row.corrects_id:
        raise Refused("flow_is_correction", field="flow_id")
    if row.kind == "surplus":
        raise Refused("flow_of_surplus", field="flow_id")
    if db.session.scalar(select(Flow.id).where(Flow.corrects_id == row.id)):
        raise Refused("flow_corrected", field="flow_id")
    agreement = db.session.get_one(Agreement, row.agreement_id)
    values = {name: getattr(row, name) for name in ("household_id", "member", "quantity", "unit", "rate_fen")}
    values |= {"fen": -row.fen, "evidence": reason.strip()[:120], "corrects_id": row.id}
    return write(actor, agreement, clock.today(), [values], None, row.batch)[0]


def _own_flow(actor: Actor, flow_id: UUID) -> Flow:
    return fetch(select(Flow).where(Flow.id == flow_id, Flow.supplier_id == actor.organisation), "flow", lock=True)


def flow(actor: Actor, flow_id: UUID) -> Flow:
    """A flow within scope. Raises NotFound."""
    within = visible(actor.scope, supplier=Flow.supplier_id, division=Flow.division)
    return fetch(select(Flow).where(Flow.id == flow_id, within), "flow")


def corrected(flow_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the flows that were taken back."""
    return set(db.session.scalars(select(Flow.corrects_id).where(Flow.corrects_id.in_(list(flow_ids)))))  # type: ignore[arg-type]


def flows(
    actor: Actor,
    *,
    kind: str | None = None,
    agreement_id: UUID | None = None,
    household_id: UUID | None = None,
    batch: str = "",
    only_open: bool = False,
    page: int = 1,
    size: int = 50,
) -> tuple[list[Flow], int, int]:
    """Flows within scope, newest first, how many, and their sum in fen. `only_open`: on no payout list yet."""
    actor.require("statement.read")
    query = select(Flow).where(visible(actor.scope, supplier=Flow.supplier_id, division=Flow.division))
    for column, value in (
        (Flow.kind, kind), (Flow.agreement_id, agreement_id), (Flow.household_id, household_id), (Flow.batch, batch)
    ):  # fmt: skip
        if value:
            query = query.where(column == value)
    if only_open:
        query = query.where(Flow.distribution_id.is_(None))
    found = query.subquery()
    total, fen = db.session.execute(
        select(func.count(), func.coalesce(func.sum(found.c.fen), 0)).select_from(found)
    ).one()
    query = query.order_by(Flow.day.desc(), Flow.id.desc()).limit(size).offset((page - 1) * size)
    return list(db.session.scalars(query)), int(total), int(fen)
