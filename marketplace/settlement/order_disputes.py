"""Raising a dispute about anything of an order, its bill among it, which is another room's."""

from collections.abc import Sequence
from uuid import UUID

from ..core.actor import Actor
from ..core.errors import NotFound
from ..payments import services as payments
from ..procurement import services as procurement
from ..procurement.after_models import OrderDispute


def raise_order_dispute(
    actor: Actor, order_id: UUID, *, about_kind: str, about_id: UUID, words: str, file_ids: Sequence[UUID] = ()
) -> OrderDispute:
    """See procurement.raise_dispute. Raises NotFound for a bill that is not of this order."""
    number = ""
    if about_kind == "bill":
        bill = payments.bill(actor, about_id)
        orders = {bill.order_id} | {part.order_id for part in payments.parts_of([bill.id]).get(bill.id, [])}
        if order_id not in orders:
            raise NotFound("bill")
        number = bill.number
    return procurement.raise_dispute(
        actor,
        order_id,
        about_kind=about_kind,
        about_id=about_id,
        about_number=number,
        words=words,
        file_ids=file_ids,
    )
