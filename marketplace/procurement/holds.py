"""Stock that a bulk order holds while it is decided (DESIGN.md: only what is submitted holds, and it expires).

Submitting reserves all its lines in one conditional statement; approving leaves the reservation where it is, the order
lines hold it from then on; sending back, withdrawing and expiring release it. `hold_until` says whether it holds.
"""

from collections.abc import Sequence

from sqlalchemy import select

from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import SYSTEM
from ..core.db import db
from ..notices import services as notices
from .checking import CheckedLine, lines_of
from .models import Requisition
from .rules import REQUISITION


def firm(row: Requisition, checked: Sequence[CheckedLine]) -> None:
    """What is approved is reserved already; what was submitted before stock was held takes it now."""
    if row.hold_until is None:
        hold(checked)


def hold(checked: Sequence[CheckedLine]) -> None:
    """Reserves the stock of every line. Raises Many of Refused('beyond_stock', …) by row."""
    catalogue.reserve(
        {item.offer.id: item.line.quantity for item in checked}, rows={item.offer.id: item.no for item in checked}
    )


def release(row: Requisition) -> None:
    """Gives back what a bulk order holds, if it holds; the caller has locked its row."""
    if row.hold_until is None:
        return
    row.hold_until = None
    catalogue.release({line.offer_id: line.quantity for line in lines_of(row.id)})


def expire_holds(limit: int = 100) -> int:
    """Bulk orders that nobody decided in time give their stock back. For the worker; returns how many."""
    late = select(Requisition).where(Requisition.hold_until < clock.now()).order_by(Requisition.id).limit(limit)
    rows = list(db.session.scalars(late.with_for_update().execution_options(populate_existing=True)))
    for row in rows:
        release(row)
        row.state = REQUISITION.after("expire", row.state)
        audit.record(SYSTEM, "requisition.expire", "requisition", row.id)
        notices.tell(
            "requisition_expired",
            organisation_id=row.agency_id,
            about=("requisition", row.id),
            number=row.number,
            user_id=row.submitted_by,
        )
    notices.done_about("requisition", [row.id for row in rows], "requisition_submitted")
    db.session.flush()
    return len(rows)
