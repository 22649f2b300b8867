"""What a supplier's earlier deliveries were like, for who compares its quotation."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import case, func, select

from ..core.db import db
from .models import Order, OrderLine


def past_of(supplier_ids: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """Supplier → (order lines delivered, those of which something was rejected), one statement."""
    delivered = OrderLine.accepted + OrderLine.rejected > 0
    query = (
        select(Order.supplier_id, func.count(), func.sum(case((OrderLine.rejected > 0, 1), else_=0)))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.supplier_id.in_(set(supplier_ids)), delivered)
        .group_by(Order.supplier_id)
    )
    return {supplier: (lines, int(rejected)) for supplier, lines, rejected in db.session.execute(query)}
