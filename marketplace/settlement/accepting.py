"""Accepting a delivery and signing for it: what two have signed is billed, and settles once it is paid."""

from collections.abc import Sequence
from uuid import UUID

from ..core.actor import Actor
from ..payments.models import Bill
from ..procurement import services as procurement
from ..procurement.models import Acceptance
from ..procurement.services import Count
from . import settling


def accept(
    actor: Actor, shipment_id: UUID, counts: Sequence[Count], *, witness: str = "", note: str = ""
) -> tuple[Acceptance, Bill | None]:
    """Accepts a shipment: quantities move at once, the bill comes with the second signature (a named witness is one).

    No bill where nothing was accepted. Errors: see record_acceptance.
    """
    acceptance, order = procurement.record_acceptance(actor, shipment_id, counts, witness=witness, note=note)
    if acceptance.state != "signed":
        return acceptance, None
    bill = settling.bill_for(acceptance, order)
    if bill and bill.state == "paid":  # prepaid
        settling.settle_ready(actor, [acceptance.id])
    return acceptance, bill


def deem(shipment_id: UUID) -> tuple[Acceptance, Bill | None]:
    """Nobody accepted in time: billed, so that the clock of payment runs. It settles only once two have signed."""
    acceptance, order = procurement.record_deemed(shipment_id)
    return acceptance, settling.bill_for(acceptance, order)


def sign(actor: Actor, acceptance_id: UUID) -> tuple[Acceptance, Bill | None]:
    """A signature under what was accepted: the second makes it signed and billed. Errors: see sign_acceptance.

    What was deemed accepted is billed already: the first of its two signatures answers it, with the second it settles
    if it is paid.
    """
    acceptance, order = procurement.sign_acceptance(actor, acceptance_id)
    if acceptance.state != "signed":
        return acceptance, None
    back_fen = procurement.returned_before_billing(acceptance.id)
    bill = None if acceptance.deemed_on else settling.bill_for(acceptance, order, back_fen)
    settling.settle_ready(actor, [acceptance.id])  # what was paid before it was signed
    return acceptance, bill
