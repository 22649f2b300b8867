"""Closing months of a division: one person proposes, another approves, and what the months hold is frozen.

Freezing reads under the months' locks (`ledger.periods.lock`): whoever was posting has committed and is counted, whoever
comes later finds the month closed. Nothing is ever opened again; what is late is posted to the open month.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, lies_in, new_id, visible
from ..core.errors import Conflict, Forbidden, NotFound, Refused
from ..ledger import periods
from ..ledger.models import Journal
from . import frozen
from .closing_models import Closing, FrozenFigure
from .frozen import Key, Sums
from .late import warnings

MOST_MONTHS = 60


@dataclass(frozen=True)
class Month:
    """A month of a division. `state`: open (not over), to_close, proposed, closed; `closing` is what proposed or closed
    it here, `closed_above` the prefix of a division above that did."""

    period: int
    state: str
    closing: Closing | None = None
    closed_above: str | None = None


def own_prefix(actor: Actor) -> str:
    """The division that an office closes: its own. Raises Forbidden."""
    if actor.scope.division is None:
        raise Forbidden("period.propose")
    return actor.scope.division


def propose(actor: Actor, through: int, note: str = "") -> Closing:
    """Proposes to close the office's division through a month, with every earlier one that is still open.

    Raises Refused: not_a_month, period_not_over, nothing_to_close; Conflict: closing_open.
    """
    actor.require("period.propose")
    prefix = own_prefix(actor)
    _check_month(through)
    if through >= clock.period(clock.today()):
        raise Refused("period_not_over", field="through")
    months = open_months(prefix, through)
    if not months:
        raise Refused("nothing_to_close", field="through")
    if db.session.scalar(select(Closing.id).where(Closing.prefix == prefix, Closing.state == "proposed")):
        raise Conflict("closing_open")
    row = Closing(
        id=new_id(),
        division=prefix.ljust(12, "0"),
        prefix=prefix,
        first=months[0],
        last=months[-1],
        state="proposed",
        note=note.strip(),
        proposed_by=actor.user,
        proposed_at=clock.now(),
        warnings={},
    )
    db.session.add(row)
    audit.record(actor, "period.propose", "closing", row.id, prefix=prefix, first=row.first, last=row.last)
    db.session.flush()
    return row


def approve(actor: Actor, closing_id: UUID) -> Closing:
    """Closes the proposed months and freezes what they hold. Raises Conflict: wrong_state, period_closed; Refused: closing_own."""
    actor.require("period.approve")
    row = _proposed(actor, closing_id)
    if row.proposed_by == actor.user:
        raise Refused("closing_own")
    months = open_months(row.prefix, row.last)
    if not months:
        raise Conflict("period_closed")
    periods.lock(months)
    row.warnings = warnings(row.prefix, months)
    figures = frozen.recomputed(row.prefix, months)
    periods.close(row.division, row.prefix, months, by=actor.user)
    _decide(actor, row, "approved")
    db.session.flush()
    rows = [
        {"closing_id": row.id, "period": period, "dimension": dimension, "key": key, **sums._asdict()}
        for (period, dimension, key), sums in sorted(figures.items())
    ]
    db.session.execute(insert(FrozenFigure), rows)
    audit.record(actor, "period.close", "closing", row.id, prefix=row.prefix, first=row.first, last=row.last)
    return row


def refuse(actor: Actor, closing_id: UUID, reason: str) -> Closing:
    """The checker says no, or the maker takes it back. Raises Conflict('wrong_state'), Refused('reason_needed')."""
    actor.require("period.propose")
    row = _proposed(actor, closing_id)
    own = row.proposed_by == actor.user
    if not own:
        actor.require("period.approve")
    if not own and not reason.strip():
        raise Refused("reason_needed", field="reason")
    _decide(actor, row, "withdrawn" if own else "refused", reason.strip())
    audit.record(actor, "period.refuse", "closing", row.id, state=row.state)
    db.session.flush()
    return row


def _proposed(actor: Actor, closing_id: UUID) -> Closing:
    """The proposal of the actor's own division, locked."""
    row = by_id(Closing, closing_id, Closing.prefix == own_prefix(actor), "closing", lock=True)
    if row.state != "proposed":
        raise Conflict("wrong_state", what="period", state=row.state, verb="close")
    return row


def _decide(actor: Actor, row: Closing, state: str, reason: str = "") -> None:
    row.state, row.reason, row.decided_by, row.decided_at = state, reason, actor.user, clock.now()


def _check_month(period: int) -> None:
    if not (200001 <= period <= 999912 and 1 <= period % 100 <= 12):
        raise Refused("not_a_month", field="through", value=str(period))


def months_between(first: int, last: int) -> list[int]:
    """202611, 202701 → [202611, 202612, 202701]."""
    found = []
    while first <= last:
        found.append(first)
        first += 89 if first % 100 == 12 else 1
    return found


def first_month(prefix: str) -> int | None:
    """The first month in which anything was posted in a division."""
    return db.session.scalar(select(func.min(Journal.period)).where(lies_in(Journal.region, prefix)))


def open_months(prefix: str, through: int) -> list[int]:
    """Every month to `through` that is not closed for all of a division, from the first in which anything was posted:
    so a month is never closed before an earlier one."""
    months = months_between(min(first_month(prefix) or through, through), through)
    closed = periods.closed_months(prefix, months)
    return [month for month in months if month not in closed]


def closing(actor: Actor, closing_id: UUID) -> Closing:
    """A closing within scope. Raises NotFound."""
    actor.require("period.read")
    return by_id(Closing, closing_id, visible(actor.scope, division=Closing.division), "closing")


@dataclass(frozen=True)
class Preview:
    """What a closing froze, or would freeze if it were approved now: month → total; and what is late."""

    months: dict[int, Sums]
    warnings: dict[str, int]


def preview(actor: Actor, row: Closing) -> Preview:
    """Of a closing within scope; one that was refused or withdrawn shows what the months hold now."""
    actor.require("period.read")
    if row.state == "approved":
        held = {period: sums for (period, dimension, _), sums in frozen_of(row.id).items() if dimension == frozen.TOTAL}
        return Preview(dict(sorted(held.items())), dict(row.warnings))
    months_ = open_months(row.prefix, row.last) or months_between(row.first, row.last)
    return Preview(frozen.totals(row.prefix, months_), warnings(row.prefix, months_))


def months(actor: Actor, prefix: str | None = None) -> list[Month]:
    """A division's months, the present one first. An office sees its own and those below it."""
    actor.require("period.read")
    prefix = prefix_of(actor, prefix)
    present = clock.period(clock.today())
    all_ = months_between(first_month(prefix) or present, present)[-MOST_MONTHS:]
    by_month = {month: row for row in _closings(prefix, all_[0]) for month in months_between(row.first, row.last)}
    above = {
        row.period: row.prefix for row in periods.closings(prefix, all_[0], present) if len(row.prefix) < len(prefix)
    }
    return [_month(month, present, by_month.get(month), above.get(month)) for month in reversed(all_)]


def month(actor: Actor, period: int, prefix: str) -> Month:
    """One month of a division, whatever it holds. The caller has checked the prefix."""
    actor.require("period.read")
    above = {
        row.period: row.prefix for row in periods.closings(prefix, period, period) if len(row.prefix) < len(prefix)
    }
    own = [row for row in _closings(prefix, period) if row.first <= period <= row.last]
    return _month(period, clock.period(clock.today()), own[-1] if own else None, above.get(period))


def _month(period: int, present: int, row: Closing | None, above: str | None) -> Month:
    if period >= present:
        return Month(period, "open")
    if row is not None and row.state == "approved":
        return Month(period, "closed", row)
    if above is not None:
        return Month(period, "closed", None, above)
    return Month(period, "to_close" if row is None else "proposed", row)


def prefix_of(actor: Actor, prefix: str | None) -> str:
    """The division asked about, or the actor's own. Raises NotFound outside the scope; Refused: not_a_prefix."""
    if prefix is None:
        prefix = actor.scope.division or _widest()
    if len(prefix) not in (2, 4, 6, 9, 12) or not (prefix.isascii() and prefix.isdigit()):
        raise Refused("not_a_prefix", field="division", value=prefix[:20])
    if not (actor.scope.everything or (actor.scope.division and prefix.startswith(actor.scope.division))):
        raise NotFound("division")
    return prefix


def _widest() -> str:
    """What an auditor is shown first: the division of the last closing."""
    return db.session.scalar(select(Closing.prefix).order_by(Closing.id.desc()).limit(1)) or "43"


def _closings(prefix: str, since: int) -> Sequence[Closing]:
    """A division's own closings that stand, the later one last."""
    query = select(Closing).where(
        Closing.prefix == prefix, Closing.last >= since, Closing.state.in_(("proposed", "approved"))
    )
    return db.session.scalars(query.order_by(Closing.state.desc(), Closing.id)).all()


def frozen_of(closing_id: UUID, period: int | None = None) -> dict[Key, Sums]:
    """What a closing froze; the caller has checked scope."""
    query = select(FrozenFigure).where(FrozenFigure.closing_id == closing_id)
    if period is not None:
        query = query.where(FrozenFigure.period == period)
    return {
        (row.period, row.dimension, row.key): Sums(
            row.lines, row.money_fen, row.attributed_fen, row.owed_fen, row.received_fen, row.households
        )
        for row in db.session.scalars(query)
    }
