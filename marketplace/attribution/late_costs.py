"""A late addition to a lot's cost: owed by its slips' rule, carried by the lot's further sales through a pool of its own."""

from datetime import date
from uuid import UUID

from ..core.actor import Actor
from ..linkage import services as linkage
from .posting import locked, of_lots


def revise_lot(
    actor: Actor,
    lot_id: UUID,
    shares: dict[UUID, int],
    *,
    day: date,
    reason: str,
    evidence: str,
    file_id: UUID | None = None,
) -> linkage.LotRevision:
    """Household → fen on top of what a lot cost, before or after its first sale.

    The lot's next sales post it in the share that is sold, so that a lot sold out has posted its cost and all revisions
    exactly. A lot that is sold out already has no sale left to carry it: it is owed at once, and traced to none. The
    lot's pool is locked meanwhile, so that its last sale cannot pass by. Raises NotFound and what record_revision does.
    """
    actor.require("lot.edit")
    lot = linkage.lot(actor, lot_id)
    pools = locked(lot.supplier_id, of_lots([lot]))
    pool = pools.get(("lot", lot_id))
    return linkage.record_revision(
        actor,
        lot_id,
        shares,
        day=day,
        reason=reason,
        evidence=evidence,
        file_id=file_id,
        sold_out=pool is not None and pool.sold >= lot.size,
    )
