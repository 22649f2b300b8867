"""Giving and ending grants, and what is eligible on a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from ..core import audit, clock, outbox
from ..core.actor import Actor
from ..core.db import Change, by_id, db, fetch, new_id, visible
from ..core.errors import Conflict, Refused
from ..core.numbers import numbered
from ..findings import services as findings
from ..identity import services as identity
from ..linkage import services as linkage
from ..products import services as products
from ..regions import services as regions
from .models import Grant


@dataclass(frozen=True)
class Verdict:
    """`grant_id` where a product is eligible, else a `reason` code: no_grant, grant_expired, grant_suspended,
    grant_revoked, county_not_listed, linkage_not_in_force."""

    grant_id: UUID | None
    reason: str = ""


def give(
    actor: Actor, product_id: UUID, *, programme: str, valid_from: date, valid_to: date, committed_value_fen: int
) -> Grant:
    """An office grants a product of its division. Raises Refused: dates, county_not_listed; NotFound outside it."""
    actor.require("grant.give")
    product = products.one(product_id)
    supplier = identity.named({product.supplier_id})[product.supplier_id]
    actor.require_lies_in(supplier.division, "product")
    if valid_to < valid_from:
        raise Refused("ends_before_start", field="valid_to")
    if committed_value_fen < 0:
        raise Refused("not_money", field="committed_value_fen", value=str(committed_value_fen))
    if not regions.in_programme(supplier.division, programme, valid_from):
        raise Refused("county_not_listed", field="programme")
    row = Grant(
        id=new_id(),
        number=numbered("RD", valid_from.year)[0],
        product_id=product_id,
        supplier_id=product.supplier_id,
        programme=programme,
        office_id=actor.organisation,
        division=supplier.division,
        valid_from=valid_from,
        valid_to=valid_to,
        committed_value_fen=committed_value_fen,
        given_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "grant.give", "grant", row.id, product=str(product_id))
    outbox.emit("offers_changed", product_id=str(product_id))
    db.session.flush()
    return row


def end(actor: Actor, grant_id: UUID, verb: str, reason: str) -> Grant:
    """Suspends, resumes or revokes: verb is 'suspend', 'resume' or 'revoke'. Sales up to today stay eligible.

    Raises Refused('reason_needed'), Conflict('wrong_state').
    """
    actor.require("grant.end")
    row = fetch(
        select(Grant).where(Grant.id == grant_id, visible(actor.scope, division=Grant.division)), "grant", lock=True
    )
    allowed = {"suspend": ("in_force",), "resume": ("suspended",), "revoke": ("in_force", "suspended")}
    if row.state not in allowed[verb]:
        raise Conflict("wrong_state", what="grant", state=row.state, verb=verb)
    if verb != "resume" and not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.state = {"suspend": "suspended", "resume": "in_force", "revoke": "revoked"}[verb]
    row.ended_on = None if verb == "resume" else clock.today() - timedelta(days=1)
    row.reason = reason.strip()
    audit.record(actor, f"grant.{verb}", "grant", row.id, reason=row.reason)
    outbox.emit("offers_changed", product_id=str(row.product_id))
    db.session.flush()
    return row


def eligible(product_ids: Iterable[UUID], day: date, programme: str) -> dict[UUID, Verdict]:
    """The verdict for each product on a day. Statements do not grow with the products."""
    found = products.by_ids(product_ids)
    return verdicts_on(found, identity.named({product.supplier_id for product in found.values()}), day, programme)


_GRANTS = select(Grant.id, Grant.product_id, Grant.valid_from, Grant.valid_to, Grant.ended_on, Grant.state).where(
    Grant.product_id.in_(bindparam("ids", expanding=True)), Grant.programme == bindparam("programme")
)


def verdicts_on(
    found: Mapping[UUID, Any], suppliers: Mapping[UUID, Any], day: date, programme: str
) -> dict[UUID, Verdict]:
    """As `eligible`, of products and their suppliers that the caller has read; two statements."""
    linked = linkage.in_force(suppliers, day)
    grants: dict[UUID, list[Any]] = {}
    for grant in db.session.execute(_GRANTS, {"ids": list(found), "programme": programme}):
        grants.setdefault(grant.product_id, []).append(grant)
    verdicts = {}
    for id_, product in found.items():
        grant, reason = _grant_on(grants.get(id_, []), day)
        if not regions.in_programme(suppliers[product.supplier_id].division, programme, day):
            grant, reason = None, "county_not_listed"
        elif grant and product.supplier_id not in linked:
            grant, reason = None, "linkage_not_in_force"
        verdicts[id_] = Verdict(grant.id if grant else None, "" if grant else reason)
    return verdicts


def _grant_on(grants: Sequence[Any], day: date) -> tuple[Any, str]:
    reason = "no_grant"
    for grant in grants:
        last = min(grant.valid_to, grant.ended_on) if grant.ended_on else grant.valid_to
        if grant.valid_from <= day <= last:
            return grant, ""
        if day > last or grant.state != "in_force":
            reason = {"suspended": "grant_suspended", "revoked": "grant_revoked"}.get(grant.state, "grant_expired")
    return None, reason


def windows(product_ids: Iterable[UUID], programme: str) -> dict[UUID, tuple[date, date]]:
    """The latest days from and to which each product is granted, for the search index. One statement."""
    query = select(Grant).where(Grant.product_id.in_(set(product_ids)), Grant.programme == programme)
    return {
        grant.product_id: (grant.valid_from, min(grant.valid_to, grant.ended_on) if grant.ended_on else grant.valid_to)
        for grant in db.session.scalars(query.order_by(Grant.valid_from))
    }


def use(fen_by_grant: dict[UUID, int]) -> None:
    """Adds settled money to grants; what goes beyond a committed value opens a finding (repackaged goods)."""
    changed = _USE([{"id": grant, "fen": fen} for grant, fen in fen_by_grant.items()])
    findings.open_many(
        [
            {
                "kind": "beyond_committed_value",
                "object_kind": "grant",
                "object_id": str(row.id),
                "division": row.division,
                "facts": {"number": row.number, "used_fen": row.used_fen, "committed_fen": row.committed_value_fen},
            }
            for row in changed
            if row.used_fen > row.committed_value_fen
        ]
    )


_USE = Change(
    Grant,
    set_=lambda grant, wanted: {"used_fen": grant.used_fen + wanted.fen},
    where=lambda grant, wanted: grant.used_fen + wanted.fen >= 0,
    returning=("id", "number", "division", "used_fen", "committed_value_fen"),
)


def listed(actor: Actor) -> list[Grant]:
    actor.require("grant.read")
    within = visible(actor.scope, supplier=Grant.supplier_id, division=Grant.division)
    return list(db.session.scalars(select(Grant).where(within).order_by(Grant.given_at.desc())))


def register(
    actor: Actor, *, state: str | None = None, supplier_id: UUID | None = None, page: int = 1, size: int = 50
) -> tuple[list[Grant], int]:
    """Grants within scope, newest first, and how many there are. `state` may also be "expired": in force until past."""
    actor.require("grant.read")
    query = select(Grant).where(visible(actor.scope, supplier=Grant.supplier_id, division=Grant.division))
    if state == "expired":
        query = query.where(Grant.state == "in_force", Grant.valid_to < clock.today())
    elif state == "in_force":
        query = query.where(Grant.state == "in_force", Grant.valid_to >= clock.today())
    elif state:
        query = query.where(Grant.state == state)
    if supplier_id:
        query = query.where(Grant.supplier_id == supplier_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Grant.given_at.desc(), Grant.number.desc()
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def published(*, supplier_id: UUID | None = None, page: int = 1, size: int = 50) -> tuple[list[Grant], int]:
    """Every grant ever given, newest first, and how many: the public eligibility list."""
    query = select(Grant)
    if supplier_id:
        query = query.where(Grant.supplier_id == supplier_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(
        query.order_by(Grant.valid_from.desc(), Grant.number.desc()).limit(size).offset((page - 1) * size)
    )
    return list(rows), total


def of_product(product_id: UUID) -> list[Grant]:
    """A product's grants: published facts."""
    return list(
        db.session.scalars(select(Grant).where(Grant.product_id == product_id).order_by(Grant.valid_from.desc()))
    )


def one(actor: Actor, grant_id: UUID) -> Grant:
    return by_id(Grant, grant_id, visible(actor.scope, supplier=Grant.supplier_id, division=Grant.division), "grant")
