"""The inbox of Stripe's webhooks: stored once, answered at once, worked off afterwards.

Kept of an event: its id, type, account, moment, the id of the object it is about and of that object's payment. Nothing
else: the object holds names, addresses and the last four of a card, and is read again from Stripe anyway.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.db import db, is_sqlite
from . import gateway
from .stripe_models import StripeEvent

LIMIT = 200  # at one turn
LONGEST = timedelta(hours=1)


def receive(event: gateway.Event) -> bool:
    """Stores an event. Returns whether it is a new one."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    now = clock.now()
    values = {
        "id": event.id,
        "type": event.type[:80],
        "account": event.account or "",
        "object_id": event.object_id,
        "payment": event.payment or "",
        "at": event.at,
        "received_at": now,
        "state": "new",
        "due_at": now,
        "attempts": 0,
        "note": "",
    }
    made = insert(StripeEvent).values(values).on_conflict_do_nothing(index_elements=["id"]).returning(StripeEvent.id)
    return db.session.scalar(made) is not None


def due() -> list[StripeEvent]:
    """Events to be worked off now, oldest first."""
    query = select(StripeEvent).where(StripeEvent.state == "new", StripeEvent.due_at <= clock.now())
    return list(db.session.scalars(query.order_by(StripeEvent.due_at, StripeEvent.id).limit(LIMIT)))


def end(event_id: str, note: str, *, ignored: bool = False) -> None:
    """The event has been worked off; `note` is what came of it."""
    row = db.session.get_one(StripeEvent, event_id, with_for_update=True)
    if row.state == "new":
        row.state, row.note, row.done_at = "ignored" if ignored else "done", note[:60], clock.now()
        db.session.flush()


def again(event_id: str, why: str) -> None:
    """It could not be worked off: later, and later each time."""
    row = db.session.get_one(StripeEvent, event_id, with_for_update=True)
    if row.state == "new":
        row.attempts += 1
        row.note = why[:60]
        row.due_at = clock.now() + min(LONGEST, timedelta(seconds=2 ** min(row.attempts, 12)))
        db.session.flush()


def waiting() -> int:
    """How many events are not worked off yet."""
    return db.session.scalar(select(func.count()).select_from(StripeEvent).where(StripeEvent.state == "new")) or 0


def of_objects(ids: Iterable[str]) -> list[StripeEvent]:
    """What was told about these objects or payments, oldest first."""
    known = set(ids)
    query = select(StripeEvent).where(StripeEvent.object_id.in_(known) | StripeEvent.payment.in_(known))
    return list(db.session.scalars(query.order_by(StripeEvent.at, StripeEvent.id)))
