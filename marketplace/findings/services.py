"""Opening and reading findings."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.actor import Actor
from ..core.db import db, is_sqlite, new_id, visible
from .models import Finding


def open_many(rows: list[dict[str, Any]]) -> None:
    """Opens findings: kind, object_kind, object_id, division, facts. One statement; those already open stay as they are."""
    if not rows:
        return
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    values = [{"id": new_id(), "state": "open", "opened_at": clock.now(), **row} for row in rows]
    db.session.execute(insert(Finding).values(values).on_conflict_do_nothing(index_elements=["kind", "object_id"]))


def listed(actor: Actor, limit: int = 200) -> list[Finding]:
    actor.require("finding.read")
    query = select(Finding).where(visible(actor.scope, division=Finding.division)).order_by(Finding.opened_at.desc())
    return list(db.session.scalars(query.limit(limit)))


def register(actor: Actor, *, kind: str | None = None, page: int = 1, size: int = 50) -> tuple[list[Finding], int]:
    """Findings within scope, newest first, and how many there are."""
    actor.require("finding.read")
    query = select(Finding).where(visible(actor.scope, division=Finding.division))
    if kind:
        query = query.where(Finding.kind == kind)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Finding.opened_at.desc(), Finding.id.desc()
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def open_by_kind(actor: Actor) -> dict[str, int]:
    """Kind → open findings within scope, one statement."""
    actor.require("finding.read")
    query = select(Finding.kind, func.count()).where(
        Finding.state == "open", visible(actor.scope, division=Finding.division)
    )
    return dict(db.session.execute(query.group_by(Finding.kind).order_by(Finding.kind)).all())
