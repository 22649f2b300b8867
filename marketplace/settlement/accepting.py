"""Accepting a delivery: what was accepted is billed."""

from collections.abc import Sequence
from uuid import UUID

from ..core.actor import Actor
from ..payments import services as payments
from ..payments.models import Bill
from ..payments.services import Delivered
from ..procurement import services as procurement
from ..procurement.models import Acceptance
from ..procurement.services import Count


def accept(
    actor: Actor, shipment_id: UUID, counts: Sequence[Count], *, witness: str = "", note: str = ""
) -> tuple[Acceptance, Bill | None]:
    """Accepts a shipment and bills what was accepted; no bill where nothing was. Errors: see record_acceptance."""
    acceptance, order = procurement.record_acceptance(actor, shipment_id, counts, witness=witness, note=note)
    if not acceptance.money_fen:
        return acceptance, None
    bill = payments.make_bill(
        Delivered(
            acceptance_id=acceptance.id,
            order_id=order.id,
            supplier_id=order.supplier_id,
            agency_id=order.agency_id,
            division=order.division,
            agency_division=order.agency_division,
            day=acceptance.day,
            total_fen=acceptance.money_fen,
        )
    )
    return acceptance, bill
