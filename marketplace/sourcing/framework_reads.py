"""Reading framework agreements: what an actor may see of them, their lines, and what was drawn."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from ..catalogue import services as catalogue
from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, visible
from . import rules
from .models import Framework, FrameworkLine, FrameworkParty


def _within(actor: Actor) -> ColumnElement[bool]:
    """An agency's own, its subtree's and those that it may call off under; a supplier's once they were proposed."""
    party = exists().where(
        FrameworkParty.framework_id == Framework.id, visible(actor.scope, agency=FrameworkParty.agency_id)
    )
    signing = visible(actor.scope, supplier=Framework.supplier_id) & (Framework.proposed_at.is_not(None))
    return or_(visible(actor.scope, agency=Framework.agency_id), party & (Framework.state != "draft"), signing)


def framework(actor: Actor, framework_id: UUID) -> Framework:
    """A framework within scope. Raises NotFound."""
    actor.require("framework.read")
    return by_id(Framework, framework_id, _within(actor), "framework")


def listed(actor: Actor, *, state: str | None = None, page: int = 1, size: int = 25) -> tuple[list[Framework], int]:
    """Frameworks within scope, newest first, and how many there are. `state` as shown: "expired" too."""
    actor.require("framework.read")
    query = select(Framework).where(_within(actor))
    if state == "expired":
        query = query.where(Framework.state == "in_force", Framework.until_day < clock.today())
    elif state == "in_force":
        query = query.where(Framework.state == "in_force", Framework.until_day >= clock.today())
    elif state:
        query = query.where(Framework.state == state)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Framework.created_at.desc(), Framework.id.desc()
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def shown_state(row: Framework) -> str:
    return rules.framework_state(row.state, row.until_day, clock.today())


def lines_of(framework_ids: Sequence[UUID]) -> dict[UUID, list[FrameworkLine]]:
    """Framework → its lines, one statement."""
    query = select(FrameworkLine).where(FrameworkLine.framework_id.in_(framework_ids)).order_by(FrameworkLine.no)
    found: dict[UUID, list[FrameworkLine]] = {id_: [] for id_ in framework_ids}
    for row in db.session.scalars(query.execution_options(populate_existing=True)):
        found[row.framework_id].append(row)
    return found


def parties_of(framework_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Framework → the agencies that may call off, one statement."""
    query = select(FrameworkParty).where(FrameworkParty.framework_id.in_(framework_ids))
    found: dict[UUID, list[UUID]] = {id_: [] for id_ in framework_ids}
    for row in db.session.scalars(query.order_by(FrameworkParty.agency_id)):
        found[row.framework_id].append(row.agency_id)
    return found


def drawn(actor: Actor, row: Framework) -> list[Any]:
    """The agreed prices under a framework with what was drawn: all to its supplier and to who wrote it, else those of
    the actor's agencies."""
    rows = catalogue.agreed_of([row.id]).get(row.id, [])
    whole = actor.scope.everything or actor.scope.supplier == row.supplier_id or row.agency_id in actor.scope.agencies
    return [one for one in rows if whole or one.agency_id in actor.scope.agencies]


def waiting(actor: Actor) -> int:
    """How many proposals wait for the supplier's signature."""
    query = select(func.count()).where(Framework.supplier_id == actor.organisation, Framework.state == "proposed")
    return db.session.scalar(query) or 0
