"""Advances (预支款): money given before produce came, against a signature, and repaid by what slips deduct."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, new_id
from ..core.errors import Conflict, NotFound, Refused
from ..core.numbers import take as take_numbers
from ..households import services as households
from ..ledger.periods import posting_day
from ..ledger.services import Line, Posting, post_many
from . import accounts
from .models import Advance, AdvanceRepayment
from .rosters import linked_households

Share = tuple[UUID, int]


def give_advance(
    actor: Actor,
    *,
    household_id: UUID,
    fen: int,
    given_on: date,
    method: str,
    evidence: str,
    file_id: UUID | None = None,
) -> Advance:
    """Records money given in advance to a household of the supplier's rosters, against a signature.

    Raises NotFound('household'), Refused: not_money, evidence_needed, method_unknown, day_in_future.
    """
    actor.require("flow.record")
    supplier = actor.organisation
    if supplier is None or household_id not in linked_households(supplier):
        raise NotFound("household")
    _check(fen, given_on, evidence)
    if method not in ("cash", "transfer"):
        raise Refused("method_unknown", field="method", value=method)
    if file_id:
        files.kept(actor, file_id)
    division = households.by_ids([household_id])[household_id].present_division
    day, concerns = posting_day(division, given_on)
    number = take_numbers(f"YZ:{supplier}:{given_on.year}")
    row = Advance(
        id=new_id(),
        number=f"YZ-{given_on.year}-{number:05d}",
        supplier_id=supplier,
        household_id=household_id,
        division=division,
        fen=fen,
        repaid_fen=0,
        given_on=given_on,
        period=clock.period(day),
        method=method,
        evidence=evidence.strip(),
        file_id=file_id,
        recorded_at=clock.now(),
        recorded_by=actor.user,
    )
    db.session.add(row)
    line = Line(accounts.advance(household_id, supplier), accounts.paid(supplier), fen)
    post_many([Posting("advance", str(row.id), division, day, [line], concerns)])
    audit.record(actor, "advance.give", "advance", row.id, fen=fen)
    db.session.flush()
    return row


def _check(fen: int, day: date, evidence: str) -> None:
    if fen <= 0:
        raise Refused("not_money", field="fen", value=str(fen))
    if not evidence.strip():
        raise Refused("evidence_needed", field="evidence")
    if day > clock.today():
        raise Refused("day_in_future", field="day")


def repay_advance(actor: Actor, advance_id: UUID, *, fen: int, day: date, evidence: str) -> Advance:
    """A household brings money of an advance back. Raises NotFound, Refused: not_money, evidence_needed,
    day_in_future; Conflict('beyond_advance') for more than is open."""
    actor.require("flow.record")
    row = by_id(Advance, advance_id, Advance.supplier_id == actor.organisation, "advance")
    _check(fen, day, evidence)
    if not _repay([{"id": row.id, "fen": fen}]):
        raise Conflict("beyond_advance", field="fen", left_fen=row.fen - row.repaid_fen)
    posted_on, concerns = posting_day(row.division, day)
    repayment = _repayment(row.id, None, fen, day, clock.period(posted_on), actor) | {"evidence": evidence.strip()}
    db.session.execute(insert(AdvanceRepayment), [repayment])
    line = Line(accounts.paid(row.supplier_id), accounts.advance(row.household_id, row.supplier_id), fen)
    post_many([Posting("advance_repayment", str(repayment["id"]), row.division, posted_on, [line], concerns)])
    audit.record(actor, "advance.repay", "advance", row.id, fen=fen)
    db.session.flush()
    return row


def _repay(parts: list[dict[str, Any]]) -> bool:
    """Whether all of the advances had so much open, in one conditional statement."""
    changed = change_rows(
        Advance,
        parts,
        set_=lambda advance, wanted: {"repaid_fen": advance.repaid_fen + wanted.fen},
        where=lambda advance, wanted: advance.repaid_fen + wanted.fen <= advance.fen,
    )
    return len(changed) == len(parts)


def _repayment(
    advance_id: UUID, slip_id: UUID | None, fen: int, day: date, period: int, actor: Actor
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "advance_id": advance_id,
        "slip_id": slip_id,
        "fen": fen,
        "day": day,
        "period": period,
        "evidence": "",
        "recorded_at": clock.now(),
        "recorded_by": actor.user,
    }


class Open:
    """The open advances of some households with a supplier, locked: what slips may deduct, the oldest first."""

    def __init__(self, supplier_id: UUID, household_ids: set[UUID]) -> None:
        query = (
            select(Advance)
            .where(
                Advance.supplier_id == supplier_id,
                Advance.household_id.in_(household_ids),
                Advance.repaid_fen < Advance.fen,
            )
            .order_by(Advance.id)
            .with_for_update()
        )
        rows: Iterable[Advance] = ()
        if household_ids:
            rows = db.session.scalars(query.execution_options(populate_existing=True))
        self.left: dict[UUID, list[list[Any]]] = {}
        for row in sorted(rows, key=lambda row: (row.given_on, row.number)):
            self.left.setdefault(row.household_id, []).append([row.id, row.fen - row.repaid_fen])
        self.taken: dict[UUID, int] = {}

    def take(self, household_id: UUID, fen: int) -> list[Share]:
        """(advance, fen) pairs of so much. Raises Refused('deduction_beyond_advances')."""
        pieces = self.left.get(household_id, [])
        open_fen = sum(left for _, left in pieces)
        if fen > open_fen:
            raise Refused("deduction_beyond_advances", field="deduction_fen", left_fen=open_fen)
        shares = []
        for piece in pieces:
            part = min(fen, piece[1])
            if part:
                piece[1] -= part
                fen -= part
                shares.append((piece[0], part))
                self.taken[piece[0]] = self.taken.get(piece[0], 0) + part
        return shares

    def repay(self, actor: Actor, slips: Sequence[tuple[dict[str, Any], list[Share]]]) -> None:
        """Writes what the slips set off. Raises Conflict('changed_meanwhile')."""
        if not self.taken:
            return
        if not _repay([{"id": advance, "fen": fen} for advance, fen in self.taken.items()]):
            raise Conflict("changed_meanwhile", what="advance")
        rows = [
            _repayment(advance, slip["id"], fen, slip["delivered_on"], slip["period"], actor)
            for slip, shares in slips
            for advance, fen in shares
        ]
        db.session.execute(insert(AdvanceRepayment), rows)


def own_advance(actor: Actor, advance_id: UUID) -> Advance:
    """An advance of the actor's supplier. Raises NotFound."""
    actor.require("flow.record")
    return by_id(Advance, advance_id, Advance.supplier_id == actor.organisation, "advance")


def advances(
    actor: Actor, *, household_id: UUID | None = None, only_open: bool = False, page: int = 1, size: int = 50
) -> tuple[list[Advance], int]:
    """The supplier's advances, newest first, and how many."""
    actor.require("flow.record")
    query = select(Advance).where(Advance.supplier_id == actor.organisation)
    if household_id:
        query = query.where(Advance.household_id == household_id)
    if only_open:
        query = query.where(Advance.repaid_fen < Advance.fen)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(Advance.given_on.desc(), Advance.number.desc()).limit(size).offset((page - 1) * size)
    return list(db.session.scalars(query)), total


def open_advances(supplier_id: UUID) -> dict[UUID, int]:
    """Household → fen of its advances that is not repaid; the caller has checked scope."""
    query = (
        select(Advance.household_id, func.sum(Advance.fen - Advance.repaid_fen))
        .where(Advance.supplier_id == supplier_id, Advance.repaid_fen < Advance.fen)
        .group_by(Advance.household_id)
    )
    return {household: int(fen) for household, fen in db.session.execute(query)}


def repayments_of(advance_id: UUID) -> list[AdvanceRepayment]:
    """What came back of an advance; the caller has checked scope."""
    query = select(AdvanceRepayment).where(AdvanceRepayment.advance_id == advance_id)
    return list(db.session.scalars(query.order_by(AdvanceRepayment.day, AdvanceRepayment.id)))
