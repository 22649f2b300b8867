"""What the supplier's and the buyer's page of a bill both show of returns."""

from typing import Any

from ..payments import services as payments
from ..procurement import services as procurement


def of_acceptance(acceptance: Any) -> dict[str, Any]:
    """What came back of an acceptance, with its red-letter invoices; the caller has checked scope."""
    parts = {part.id: part for part in acceptance.lines}
    returns = [
        row
        for row in procurement.returns_of([acceptance.order_id]).get(acceptance.order_id, [])
        if row.acceptance_line_id in parts
    ]
    invoices = payments.red_invoices_of([row.id for row in returns])
    return {"returns": returns, "red_invoices": invoices, "parts_of": parts}
