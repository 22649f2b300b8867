"""Crates (周转筐) on deposit: what left with a shipment, what an agency holds of a supplier, what went back.

A deposit is no price: it stands apart from bills, is never volume and never attributed; it is settled by bringing back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, insert_rows, is_sqlite, new_id, visible
from ..core.errors import Many, NotFound, Refused
from ..notices import services as notices
from .delivery_models import CrateBalance, CrateMovement, ShipmentCrate
from .models import Order, Shipment

MOST = 10_000  # of a kind in one delivery


@dataclass(frozen=True)
class Crates:
    """So many crates of a kind, each with its deposit."""

    kind: str
    count: int
    deposit_fen: int


def put(shipment_id: UUID, sent: Sequence[Crates]) -> None:
    """Writes down which crates leave with a shipment. Raises Refused: crates_twice, crates_count."""
    if len({each.kind for each in sent}) != len(sent):
        raise Refused("crates_twice", field="crates")
    if any(not 0 < each.count <= MOST or each.deposit_fen < 0 for each in sent):
        raise Refused("crates_count", field="crates", most=MOST)
    insert_rows(ShipmentCrate, [{"shipment_id": shipment_id, **vars(each)} for each in sent])


def of_shipments(shipment_ids: Iterable[UUID]) -> dict[UUID, list[ShipmentCrate]]:
    """Crates by shipment; the caller has checked scope."""
    found: dict[UUID, list[ShipmentCrate]] = {}
    query = select(ShipmentCrate).where(ShipmentCrate.shipment_id.in_(set(shipment_ids)))
    for row in db.session.scalars(query.order_by(ShipmentCrate.kind)):
        found.setdefault(row.shipment_id, []).append(row)
    return found


def arrived(actor: Actor, shipment: Shipment, order: Order) -> None:
    """The crates of an accepted shipment are the agency's to bring back."""
    sent = of_shipments([shipment.id]).get(shipment.id, [])
    if not sent:
        return
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    keys = [
        {"supplier_id": order.supplier_id, "agency_id": order.agency_id, "kind": each.kind}
        | {"deposit_fen": each.deposit_fen, "count": each.count}
        for each in sorted(sent, key=lambda each: each.kind)
    ]
    statement = insert(CrateBalance).values([{"id": new_id(), **key} for key in keys])
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["supplier_id", "agency_id", "kind", "deposit_fen"],
            set_={"count": CrateBalance.count + statement.excluded.count},
        )
    )
    _move(actor, [{**key, "shipment_id": shipment.id, "note": ""} for key in keys])


def take_back(
    actor: Actor, agency_id: UUID, counts: dict[UUID, int], *, shipment_id: UUID | None = None, note: str = ""
) -> None:
    """The supplier got crates back: balance → how many. `shipment_id`: the delivery whose lorry brought them home.

    Raises Refused('no_lines'), Many with rows: crates_beyond_held.
    """
    actor.require("shipment.send")
    supplier_id = actor.organisation
    if supplier_id is None:
        raise NotFound("organisation")
    wanted = {id_: count for id_, count in counts.items() if count}
    if not wanted or any(count < 0 for count in wanted.values()):
        raise Refused("no_lines", field="lines")
    if shipment_id is not None:
        mine = select(Order.id).where(Order.supplier_id == actor.organisation, Order.agency_id == agency_id)
        by_id(Shipment, shipment_id, Shipment.order_id.in_(mine), "shipment")
    changed = change_rows(
        CrateBalance,
        [{"id": id_, "back": count} for id_, count in wanted.items()],
        set_=lambda row, asked: {"count": row.count - asked.back},
        where=lambda row, asked: (
            (row.count >= asked.back) & (row.supplier_id == actor.organisation) & (row.agency_id == agency_id)
        ),
        returning=("id", "kind", "deposit_fen"),
    )
    done = {row.id: row for row in changed}
    errors = [
        Refused("crates_beyond_held", field="count", row=no) for no, id_ in enumerate(wanted, 1) if id_ not in done
    ]
    if errors:
        raise Many(errors)
    who = {"supplier_id": actor.organisation, "agency_id": agency_id, "shipment_id": shipment_id, "note": note.strip()}
    _move(
        actor,
        [
            {**who, "kind": done[id_].kind, "deposit_fen": done[id_].deposit_fen, "count": -count}
            for id_, count in wanted.items()
        ],
    )
    audit.record(actor, "crates.take_back", "organisation", agency_id, count=sum(wanted.values()))
    notices.tell(
        "crates_returned",
        organisation_id=agency_id,
        about=("organisation", supplier_id),
        permission="delivery.accept",
        who=actor.organisation_name,
        count=sum(wanted.values()),
    )
    db.session.flush()


def _move(actor: Actor, rows: list[dict[str, Any]]) -> None:
    stamp = {"day": clock.today(), "at": clock.now(), "by": actor.user}
    insert_rows(CrateMovement, [{"id": new_id(), **row, **stamp} for row in rows])


def _reach(actor: Actor, model: type[CrateBalance] | type[CrateMovement]) -> Any:
    return visible(actor.scope, supplier=model.supplier_id, agency=model.agency_id)


def balances(actor: Actor) -> list[CrateBalance]:
    """What agencies hold of suppliers' crates within scope, or held once, by the other side and kind."""
    actor.require("order.read")
    order = CrateBalance.agency_id, CrateBalance.supplier_id, CrateBalance.kind, CrateBalance.deposit_fen
    return list(db.session.scalars(select(CrateBalance).where(_reach(actor, CrateBalance)).order_by(*order)))


def movements(actor: Actor, limit: int = 200) -> list[CrateMovement]:
    """Crates that came and went, newest first."""
    actor.require("order.read")
    query = select(CrateMovement).where(_reach(actor, CrateMovement)).order_by(CrateMovement.at.desc())
    return list(db.session.scalars(query.order_by(CrateMovement.id.desc()).limit(limit)))
