"""What can have put right an upheld dispute: rows of its household and supplier since it was raised."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from ..attribution import services as attribution
from ..core import clock
from ..core.actor import Actor
from ..settlement import services as settlement


class Source(NamedTuple):
    """One row that may be named as the correction: payment, payout, flow, revision or reversal."""

    id: UUID
    kind: str
    day: date | None
    fen: int


def sources(actor: Actor, dispute: Any) -> list[Source]:
    """The rows a supplier may name. The caller has read the dispute within its scope."""
    found = attribution.statement(dispute.household_id, dispute.supplier_id)
    since = clock.local(dispute.raised_at).date()
    rows = [Source(row.id, row.kind, row.day, row.fen) for row in found.flows if row.recorded_at >= dispute.raised_at]
    rows += [Source(row.id, "payment", row.paid_on, row.fen) for row in found.payments if row.paid_on >= since]
    rows += [
        Source(row.id, "payout", row.paid_on, row.fen) for row in found.payouts if row.paid_on and row.paid_on >= since
    ]
    rows += [
        Source(row.revision_id, "revision", None, row.fen)
        for row in found.revisions
        if row.period >= clock.period(since)
    ]
    fallen = [
        line
        for share in found.pools
        for line in attribution.lines_of(share.pool, dispute.household_id, size=20)[0]
        if line.pool_fen < 0 and line.day >= since
    ]
    seen = settlement.lines_by_ids(actor, [line.line_id for line in fallen]) if fallen else {}
    return rows + [Source(line.line_id, "reversal", line.day, line.fen) for line in fallen if line.line_id in seen]
