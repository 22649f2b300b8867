"""What an inspector saw: the papers of each lot in hand, and photographs taken at the door."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import DomainError, NotFound, Refused
from ..linkage import services as linkage
from ..products import services as products
from . import rules
from .delivery_models import DeliveryPhoto, SeenPaper
from .models import Order, Shipment
from .orders import within

MOST_PHOTOS = 40
PICTURES = ("image/jpeg", "image/png")


@dataclass(frozen=True)
class Seen:
    """A paper of a lot held in hand; `valid_until` where the paper says a day."""

    kind: str
    valid_until: date | None = None


def papers_of(row: Shipment, lots: Mapping[UUID, Any]) -> dict[UUID, list[tuple[str, Any]]]:
    """Shipment line → (kind, the lot's paper or None) of each that it must carry. Statements do not grow with lines."""
    needed = products.papers_needed(lot.product_id for lot in lots.values())
    held = linkage.papers_of(lots)
    found = {}
    for line in row.lines:
        have = {paper.kind: paper for paper in held.get(line.lot_id, [])}
        found[line.id] = [(kind, have.get(kind)) for kind in needed.get(lots[line.lot_id].product_id, [])]
    return found


def missing_papers(row: Shipment) -> dict[UUID, list[str]]:
    """Papers that a shipment's lots must carry and do not: shipment line → kinds."""
    found = papers_of(row, linkage.by_ids(line.lot_id for line in row.lines))
    lacking = {line: [kind for kind, paper in papers if paper is None] for line, papers in found.items()}
    return {line: kinds for line, kinds in lacking.items() if kinds}


def check_papers(papers: Sequence[tuple[str, Any]], seen: Sequence[Seen] | None, row: int) -> Iterable[DomainError]:
    """What stands against a line: a paper that its lot lacks; where the checklist was kept, one that nobody saw, or
    that is no longer valid."""
    missing = [kind for kind, paper in papers if paper is None]
    if missing:
        yield Refused("papers_missing", field="papers", row=row, papers=missing)
    if seen is None:
        return
    ticked = {each.kind: each for each in seen}
    unseen = [kind for kind, paper in papers if paper is not None and kind not in ticked]
    if unseen:
        yield Refused("papers_not_seen", field="papers", row=row, papers=unseen)
    for each in seen:
        if each.valid_until is not None and each.valid_until < clock.today():
            yield Refused("paper_expired", field="papers", row=row, papers=[each.kind], day=each.valid_until)


def rows_of(line_id: UUID, papers: Sequence[tuple[str, Any]], seen: Sequence[Seen] | None) -> list[dict]:
    """What is kept of the papers seen, as they read that day."""
    ticked = {each.kind: each for each in seen or ()}
    return [
        {
            "acceptance_line_id": line_id,
            "kind": kind,
            "number": paper.number,
            "issued_on": paper.issued_on,
            "valid_until": ticked[kind].valid_until,
        }
        for kind, paper in papers
        if paper is not None and kind in ticked
    ]


def seen_of(line_ids: Iterable[UUID]) -> dict[UUID, list[SeenPaper]]:
    """Papers seen by acceptance line; the caller has checked scope."""
    found: dict[UUID, list[SeenPaper]] = {}
    query = select(SeenPaper).where(SeenPaper.acceptance_line_id.in_(set(line_ids)))
    for row in db.session.scalars(query.order_by(SeenPaper.acceptance_line_id, SeenPaper.kind)):
        found.setdefault(row.acceptance_line_id, []).append(row)
    return found


def add_photo(
    actor: Actor, shipment_id: UUID, name: str, content: bytes, shipment_line_id: UUID | None = None
) -> DeliveryPhoto:
    """Keeps a photograph of a delivery that is not accepted yet, of the whole or of one line.

    Raises Refused: photo_type (JPEG and PNG only), too_many_photos, file_too_large, file_empty; Conflict.
    """
    actor.require("delivery.accept")
    here = Shipment.order_id.in_(select(Order.id).where(Order.agency_id == actor.organisation))
    shipment = by_id(Shipment, shipment_id, here, "shipment", lock=True)
    rules.SHIPMENT.after("accept", shipment.state)
    if shipment_line_id is not None and shipment_line_id not in {line.id for line in shipment.lines}:
        raise NotFound("shipment_line")
    count = select(func.count()).select_from(DeliveryPhoto).where(DeliveryPhoto.shipment_id == shipment_id)
    if (db.session.scalar(count) or 0) >= MOST_PHOTOS:
        raise Refused("too_many_photos", field="photo", most=MOST_PHOTOS)
    kept = files.keep(actor, name, content, "photo")
    if kept.media_type not in PICTURES:
        raise Refused("photo_type", field="photo")
    db.session.flush()
    row = DeliveryPhoto(
        id=new_id(),
        shipment_id=shipment_id,
        shipment_line_id=shipment_line_id,
        file_id=kept.id,
        at=clock.now(),
        by=actor.user,
    )
    db.session.add(row)
    audit.record(actor, "delivery.photo", "order", shipment.order_id, shipment=shipment.number)
    db.session.flush()
    return row


def photos_of(shipment_id: UUID) -> list[DeliveryPhoto]:
    """Photographs of a shipment in the order taken; the caller has checked scope."""
    query = select(DeliveryPhoto).where(DeliveryPhoto.shipment_id == shipment_id)
    return list(db.session.scalars(query.order_by(DeliveryPhoto.id)))


def photo(actor: Actor, photo_id: UUID) -> files.FileRow:
    """The file of a photograph, for both sides of its order and their offices. Raises NotFound."""
    actor.require("order.read")
    mine = select(Shipment.id).join(Order, Order.id == Shipment.order_id).where(within(actor))
    row = by_id(DeliveryPhoto, photo_id, DeliveryPhoto.shipment_id.in_(mine), "photo")
    return by_id(files.FileRow, row.file_id, what="photo")
