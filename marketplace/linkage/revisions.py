"""Late additions to what a lot cost (收购价补差): each household's part, with evidence. They never take anything back."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select, update

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Many, Refused
from ..core.numbers import numbered
from ..ledger.periods import posting_day
from ..ledger.services import Line, post
from . import accounts, standing
from .lots import weights_of_lot
from .models import Lot, LotRevision, LotRevisionShare


def record_revision(
    actor: Actor,
    lot_id: UUID,
    shares: dict[UUID, int],
    *,
    day: date,
    reason: str,
    evidence: str,
    file_id: UUID | None = None,
    sold_out: bool = False,
) -> LotRevision:
    """Records household → fen > 0 on top of what a lot cost; every household delivered into it.

    What is owed at the slip is owed at once, and so is a consigned lot's addition when the lot is `sold_out` (no sale
    is left to carry it); else a consigned addition is owed as the lot sells. Call it through attribution.revise_lot,
    which knows what has sold. Raises NotFound, Refused: reason_needed, evidence_needed, day_in_future, own_produce,
    revision_empty; Many with rows: not_of_lot, not_money.
    """
    actor.require("lot.edit")
    lot = by_id(Lot, lot_id, Lot.supplier_id == actor.organisation, "lot")
    _check(lot, shares, day, reason, evidence)
    if file_id:
        files.kept(actor, file_id)
    posted_on, concerns = posting_day(lot.division, day)
    row = LotRevision(
        id=new_id(),
        number=numbered("BC", day.year)[0],
        lot_id=lot.id,
        supplier_id=lot.supplier_id,
        agreement_id=lot.agreement_id,
        fen=sum(shares.values()),
        owed_now=lot.basis != "consignment" or sold_out,
        day=day,
        period=clock.period(posted_on),
        reason=reason.strip(),
        evidence=evidence.strip(),
        file_id=file_id,
        recorded_at=clock.now(),
        recorded_by=actor.user,
    )
    db.session.add(row)
    db.session.flush()
    db.session.execute(
        insert(LotRevisionShare),
        [{"revision_id": row.id, "household_id": household, "fen": fen} for household, fen in shares.items()],
    )
    db.session.execute(
        update(Lot).where(Lot.id == lot.id).values(revised_fen=Lot.revised_fen + row.fen),
        execution_options={"synchronize_session": False},
    )
    db.session.expire(lot)
    if row.owed_now:
        _owe(row, shares, lot.division, posted_on, concerns)
    audit.record(actor, "lot.revise", "lot", lot.id, fen=row.fen, households=len(shares))
    return row


def _check(lot: Lot, shares: dict[UUID, int], day: date, reason: str, evidence: str) -> None:
    if lot.agreement_id is None:
        raise Refused("own_produce", field="shares")
    if not shares:
        raise Refused("revision_empty", field="shares")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    if not evidence.strip():
        raise Refused("evidence_needed", field="evidence")
    if day > clock.today():
        raise Refused("day_in_future", field="day")
    delivered = weights_of_lot(lot.id)
    errors = []
    for number, (household, fen) in enumerate(shares.items(), 1):
        if household not in delivered:
            errors.append(Refused("not_of_lot", field="shares", row=number))
        elif fen <= 0:
            errors.append(Refused("not_money", field="shares", row=number, value=str(fen)))
    if errors:
        raise Many(errors)


def _owe(row: LotRevision, shares: dict[UUID, int], region: str, day: date, concerns: int | None) -> None:
    purchase = accounts.purchase(row.supplier_id)
    lines = [
        Line(purchase, accounts.owed(household, row.supplier_id), fen) for household, fen in sorted(shares.items())
    ]
    post("revision", str(row.id), region, day, lines, concerns)
    standing.add_owed(row.supplier_id, shares)


def revisions_of(lot_ids: Iterable[UUID]) -> dict[UUID, list[LotRevision]]:
    """Lot → its revisions in the order they came, one statement; the caller has checked scope."""
    found: dict[UUID, list[LotRevision]] = {}
    query = select(LotRevision).where(LotRevision.lot_id.in_(set(lot_ids))).order_by(LotRevision.id)
    for row in db.session.scalars(query):
        found.setdefault(row.lot_id, []).append(row)
    return found
