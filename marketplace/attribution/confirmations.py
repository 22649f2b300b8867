"""Who speaks for a household, and its yes to a payout.

A `Voice` is the household or its 代领人 through a link, or the village officer for it, with the household's signature.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import db, new_id
from ..core.errors import NotFound, Refused
from ..households import services as households
from .household_models import OPEN, Confirmation, Dispute, StatementLink
from .models import Payout

# A household by its link: nobody signed in, and no permission but these two.
HOUSEHOLD = Actor(kind="household", name="household", permissions=frozenset({"payout.confirm", "dispute.raise"}))


@dataclass(frozen=True)
class Voice:
    """Who speaks for a household. `supplier_id`: only of what it has with this supplier (its link shows no more)."""

    household_id: UUID
    kind: str
    name: str = ""
    link_id: UUID | None = None
    user_id: UUID | None = None
    file_id: UUID | None = None
    supplier_id: UUID | None = None


def by_link(link: StatementLink, proxy_name: str = "") -> Voice:
    kind = "proxy" if proxy_name else "household"
    return Voice(link.household_id, kind, proxy_name, link_id=link.id, supplier_id=link.supplier_id)


def by_officer(actor: Actor, household_id: UUID, file_id: UUID | None) -> Voice:
    """The officer for a household of the place, with the household's signature as a file of the office's own.

    Raises NotFound outside its division, Refused('evidence_needed').
    """
    if actor.kind != "office":
        raise NotFound("household")
    row = households.one(actor, household_id)
    if file_id is None:
        raise Refused("evidence_needed", field="file")
    files.kept(actor, file_id)
    return Voice(row.id, "officer", user_id=actor.user, file_id=file_id)


def confirm(actor: Actor, voice: Voice, payout_ids: Sequence[UUID]) -> int:
    """The household's yes to payouts that were paid; repeating it changes nothing. Returns how many are new.

    Raises NotFound for what is not the household's; Refused: payouts_none, payout_not_paid, dispute_open.
    """
    actor.require("payout.confirm")
    wanted = set(payout_ids)
    if not wanted:
        raise Refused("payouts_none", field="payouts")
    query = select(Payout).where(Payout.id.in_(wanted), Payout.household_id == voice.household_id)
    if voice.supplier_id:
        query = query.where(Payout.supplier_id == voice.supplier_id)
    rows = db.session.scalars(query.order_by(Payout.id).with_for_update()).all()
    if len(rows) != len(wanted):
        raise NotFound("payout")
    if any(row.state != "paid" for row in rows):
        raise Refused("payout_not_paid", field="payouts")
    disputed = select(Dispute.id).where(
        Dispute.household_id == voice.household_id,
        Dispute.about_kind == "payout",
        Dispute.about_id.in_(wanted),
        Dispute.state.in_(OPEN),
    )
    if db.session.scalar(disputed.limit(1)):
        raise Refused("dispute_open", field="payouts")
    new = wanted - set(confirmed(wanted))
    for payout in sorted(new):
        db.session.add(
            Confirmation(
                id=new_id(),
                payout_id=payout,
                household_id=voice.household_id,
                voice=voice.kind,
                voice_name=voice.name,
                link_id=voice.link_id,
                user_id=voice.user_id,
                file_id=voice.file_id,
                at=clock.now(),
            )
        )
    if new:
        audit.record(
            actor,
            "payout.confirm",
            "household",
            voice.household_id,
            count=len(new),
            voice=voice.kind,
            link=str(voice.link_id or ""),
        )
    db.session.flush()
    return len(new)


def unconfirmed(household_id: UUID, supplier_id: UUID | None = None, limit: int = 50) -> list[Payout]:
    """Payouts that were paid and that the household neither confirmed nor disputes, newest first."""
    disputed = (
        select(Dispute.id)
        .where(Dispute.about_kind == "payout", Dispute.about_id == Payout.id, Dispute.state.in_(OPEN))
        .exists()
    )
    query = (
        select(Payout)
        .outerjoin(Confirmation, Confirmation.payout_id == Payout.id)
        .where(Payout.household_id == household_id, Payout.state == "paid", Confirmation.id.is_(None), ~disputed)
    )
    if supplier_id:
        query = query.where(Payout.supplier_id == supplier_id)
    return list(db.session.scalars(query.order_by(Payout.paid_on.desc(), Payout.id).limit(limit)))


def confirmed(payout_ids: Iterable[UUID]) -> dict[UUID, Confirmation]:
    """Payout → its confirmation, one statement; the caller has checked scope."""
    query = select(Confirmation).where(Confirmation.payout_id.in_(set(payout_ids)))
    return {row.payout_id: row for row in db.session.scalars(query)}
