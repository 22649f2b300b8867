"""A plan's counters: every order's path goes through these, each one conditional statement."""

from uuid import UUID

from ..core.db import Change, by_id
from ..core.errors import Refused
from .models import QuotaPlan


def commit(plan_id: UUID, fen: int) -> None:
    """Commits money of approved lines. Raises Refused('beyond_ceiling') and changes nothing."""
    if not _change(plan_id, committed=fen):
        plan = by_id(QuotaPlan, plan_id, lock=True)
        left = (plan.ceiling_fen or 0) - plan.committed_fen - plan.settled_fen
        raise Refused("beyond_ceiling", field="lines", left_fen=left, over_fen=fen - left)


def release(plan_id: UUID, fen: int) -> None:
    """Gives back committed money of lines that were cancelled, declined or rejected."""
    if fen:
        _change(plan_id, committed=-fen)


def settle(plan_id: UUID, committed_fen: int, settled_fen: int) -> None:
    """Moves a line's money from committed to settled; the two differ where weight did."""
    if not _change(plan_id, committed=-committed_fen, settled=settled_fen):
        raise Refused("beyond_ceiling", field="lines", left_fen=0, over_fen=settled_fen - committed_fen)


def _change(plan_id: UUID, committed: int = 0, settled: int = 0) -> bool:
    return bool(_COUNT([{"id": plan_id, "committed": committed, "settled": settled}]))


_COUNT = Change(
    QuotaPlan,
    set_=lambda plan, wanted: {
        "committed_fen": plan.committed_fen + wanted.committed,
        "settled_fen": plan.settled_fen + wanted.settled,
    },
    where=lambda plan, wanted: (
        (plan.committed_fen + wanted.committed >= 0)
        & (
            plan.ceiling_fen.is_(None)
            | (plan.committed_fen + wanted.committed + plan.settled_fen + wanted.settled <= plan.ceiling_fen)
        )
    ),
)
