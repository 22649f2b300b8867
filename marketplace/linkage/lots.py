"""Lots: made of slips, sealed by that, carrying their papers, taken by shipments."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, new_id, visible
from ..core.errors import Many, Refused
from ..core.numbers import take as take_numbers
from ..findings import services as findings
from ..products import services as products
from ..products.rules import PAPERS
from . import rules
from .models import Lot, LotPaper, Slip


def make_lot(
    actor: Actor,
    *,
    product_id: UUID,
    harvested_on: date,
    size: int,
    slip_ids: Sequence[UUID] = (),
    division: str | None = None,
    yields: int | None = None,
) -> Lot:
    """Makes a lot of slips; `size` is what is saleable of it, thousandths of the product's base unit.

    `yields`: thousandths of the base unit out of one delivered unit, needed where the units differ. A yield that nature
    or the product's earlier lots do not give opens a finding. A lot without slips is the supplier's own produce:
    nothing of it is owed, `division` is its origin. Raises Refused: not_own_product, size_not_positive, yield_needed,
    size_beyond_delivered, slips_mixed, slip_taken, origin_needed.
    """
    actor.require("lot.edit")
    product = products.one(product_id)
    actor.require_own(product.supplier_id, "product")
    if size <= 0:
        raise Refused("size_not_positive", field="size")
    slips = list(db.session.scalars(select(Slip).where(Slip.id.in_(slip_ids), Slip.supplier_id == actor.organisation)))
    if len(slips) != len(set(slip_ids)) or any(slip.lot_id for slip in slips):
        raise Refused("slip_taken", field="slip_ids")
    if len({slip.agreement_id for slip in slips}) > 1:
        raise Refused("slips_mixed", field="slip_ids")
    if len({slip.unit for slip in slips}) > 1:
        raise Refused("slips_mixed", field="slip_ids")
    delivered, unit = sum(slip.net for slip in slips), slips[0].unit if slips else ""
    if slips:
        rules.check_yield(size, delivered, unit, product.base_unit, yields)
    if not slips and not division:
        raise Refused("origin_needed", field="division")
    number = take_numbers(f"LOT:{product.supplier_id}:{harvested_on:%Y%m%d}")
    row = Lot(
        id=new_id(),
        number=f"PC-{harvested_on:%y%m%d}-{number:02d}",
        supplier_id=product.supplier_id,
        product_id=product_id,
        agreement_id=slips[0].agreement_id if slips else None,
        basis=slips[0].basis if slips else None,
        division=rules.common_division(slip.division for slip in slips) if slips else division,
        harvested_on=harvested_on,
        size=size,
        taken=0,
        delivered=delivered or None,
        delivered_unit=unit or None,
        yields=yields if slips else None,
        cost_fen=sum(slip.value_fen for slip in slips),
        households=len({slip.household_id for slip in slips}),
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    # One slip belongs to one lot: who comes second changes fewer rows than it asked for.
    claimed = db.session.execute(
        update(Slip).where(Slip.id.in_(slip_ids), Slip.lot_id.is_(None)).values(lot_id=row.id),
        execution_options={"synchronize_session": False},
    )
    if claimed.rowcount != len(slips):  # type: ignore[attr-defined]
        raise Refused("slip_taken", field="slip_ids")
    db.session.expire_all()
    audit.record(actor, "lot.make", "lot", row.id, slips=len(slips))
    _look_at_yield(row, product.base_unit)
    return row


def _look_at_yield(row: Lot, unit: str) -> None:
    """Opens a finding where a lot gives more than nature, or much more than the product's earlier lots gave."""
    if row.delivered is None or row.delivered_unit is None:
        return
    usual = _usual_yield(row)
    if rules.yield_is_high(row.size, row.delivered, row.delivered_unit, unit, usual):
        facts = {"delivered": row.delivered, "delivered_unit": row.delivered_unit, "size": row.size, "unit": unit}
        findings.open_many(
            [
                {
                    "kind": "lot_yield_high",
                    "object_kind": "lot",
                    "object_id": str(row.id),
                    "division": row.division,
                    "facts": facts | ({"usual": usual} if usual else {}),
                }
            ]
        )


def _usual_yield(row: Lot) -> int | None:
    """The middle of the product's last twenty lots from the same unit, thousandths; None before there are three."""
    query = (
        select(Lot.size, Lot.delivered)
        .where(Lot.product_id == row.product_id, Lot.delivered_unit == row.delivered_unit, Lot.id != row.id)
        .order_by(Lot.created_at.desc(), Lot.id.desc())
        .limit(20)
    )
    known = sorted(size * 1000 // delivered for size, delivered in db.session.execute(query) if delivered)
    return known[len(known) // 2] if len(known) >= 3 else None


def add_paper(
    actor: Actor, lot_id: UUID, kind: str, number: str, issued_on: date, file_id: UUID | None = None
) -> LotPaper:
    """Attaches a paper to a lot. Raises Refused: paper_unknown, paper_number_needed, paper_exists."""
    actor.require("lot.edit")
    lot = by_id(Lot, lot_id, Lot.supplier_id == actor.organisation, "lot")
    if kind not in PAPERS:
        raise Refused("paper_unknown", field="kind", value=kind)
    if not number.strip():
        raise Refused("paper_number_needed", field="number")
    if db.session.scalar(select(LotPaper.id).where(LotPaper.lot_id == lot_id, LotPaper.kind == kind)):
        raise Refused("paper_exists", field="kind")
    if file_id:
        files.kept(actor, file_id)
    row = LotPaper(id=new_id(), lot_id=lot.id, kind=kind, number=number.strip(), issued_on=issued_on, file_id=file_id)
    db.session.add(row)
    audit.record(actor, "lot.paper", "lot", lot_id, kind=kind)
    db.session.flush()
    return row


def take(supplier_id: UUID, quantities: dict[UUID, int], products_of: dict[UUID, UUID], day: date) -> None:
    """Takes base-unit thousandths out of lots for a shipment, one statement; never beyond a lot's size.

    `products_of`: lot → the product it is shipped as. Raises Many of Refused('lot_short' or, of a recalled lot,
    'lot_recalled') with rows in the given order: who recalls and who ships change the same row.
    """
    fitting = set(
        db.session.execute(select(Lot.id, Lot.product_id).where(Lot.id.in_(quantities), Lot.supplier_id == supplier_id))
    )
    wanted = [
        {"id": lot, "quantity": quantity} for lot, quantity in quantities.items() if (lot, products_of[lot]) in fitting
    ]
    changed = change_rows(
        Lot,
        wanted,
        set_=lambda lot, wanted: {"taken": lot.taken + wanted.quantity},
        where=lambda lot, wanted: (lot.taken + wanted.quantity <= lot.size) & lot.blocked.is_(False),
    )
    done = {row.id for row in changed}
    missed = [(number, lot) for number, lot in enumerate(quantities, 1) if lot not in done]
    if missed:
        recalled = blocked(lot for _, lot in missed)
        codes = {lot: "lot_recalled" if lot in recalled else "lot_short" for _, lot in missed}
        raise Many([Refused(codes[lot], field="lot_id", row=number) for number, lot in missed])


def block(lot_id: UUID, flag: bool) -> bool:
    """Recalled, nothing more of a lot is shipped or accepted, until it is let go. Returns whether that is new."""
    changed = change_rows(
        Lot,
        [{"id": lot_id}],
        set_=lambda lot, _wanted: {"blocked": flag},
        where=lambda lot, _wanted: lot.blocked.is_(not flag),
    )
    return bool(changed)


def blocked(lot_ids: Iterable[UUID], *, lock: bool = False) -> set[UUID]:
    """Which of these lots are recalled; `lock`: they stay as they are until the transaction's end."""
    query = select(Lot.id, Lot.blocked).where(Lot.id.in_(set(lot_ids))).order_by(Lot.id)
    rows = db.session.execute(query.with_for_update(read=True) if lock else query)
    return {lot_id for lot_id, flag in rows if flag}


def kept(lot_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Lot → its id, product and whether it is recalled: they stay as they are until the transaction's end."""
    query = select(Lot.id, Lot.product_id, Lot.blocked).where(Lot.id.in_(set(lot_ids))).order_by(Lot.id)
    return {row.id: row for row in db.session.execute(query.with_for_update(read=True))}


def give_back(lot_id: UUID, base: int) -> None:
    """Returned goods that the supplier took back: base-unit thousandths that can be shipped again."""
    give_back_all({lot_id: base})


def give_back_all(bases: dict[UUID, int]) -> None:
    """Lot → base-unit thousandths that are in it again, one statement."""
    change_rows(
        Lot,
        [{"id": lot, "base": base} for lot, base in bases.items()],
        set_=lambda lot, wanted: {"taken": lot.taken - wanted.base},
        where=lambda lot, wanted: lot.taken >= wanted.base,
    )


def by_ids(ids: Iterable[UUID]) -> dict[UUID, Lot]:
    return {row.id: row for row in db.session.scalars(select(Lot).where(Lot.id.in_(set(ids))))}


def lot(actor: Actor, lot_id: UUID) -> Lot:
    """A lot within scope. Raises NotFound."""
    return by_id(Lot, lot_id, visible(actor.scope, supplier=Lot.supplier_id, division=Lot.division), "lot")


def lots_numbered(actor: Actor, number: str) -> list[Lot]:
    """Lots of that number within scope: numbers are each supplier's own."""
    within = visible(actor.scope, supplier=Lot.supplier_id, division=Lot.division)
    return list(db.session.scalars(select(Lot).where(Lot.number == number, within).order_by(Lot.id).limit(50)))


def papers_of(lot_ids: Iterable[UUID]) -> dict[UUID, list[LotPaper]]:
    """Papers by lot, one statement."""
    found: dict[UUID, list[LotPaper]] = {}
    for paper in db.session.scalars(select(LotPaper).where(LotPaper.lot_id.in_(set(lot_ids))).order_by(LotPaper.kind)):
        found.setdefault(paper.lot_id, []).append(paper)
    return found


def lots_of(product_ids: Iterable[UUID], *, available: bool = False) -> list[Lot]:
    """Lots of products, newest first; `available`: with something left."""
    query = select(Lot).where(Lot.product_id.in_(set(product_ids)))
    if available:
        query = query.where(Lot.taken < Lot.size)
    return list(db.session.scalars(query.order_by(Lot.harvested_on.desc(), Lot.number.desc())))


def own_lots(actor: Actor, *, available: bool = False) -> list[Lot]:
    actor.require("lot.edit")
    query = select(Lot).where(Lot.supplier_id == actor.organisation)
    if available:
        query = query.where(Lot.taken < Lot.size)
    return list(db.session.scalars(query.order_by(Lot.harvested_on.desc(), Lot.number.desc())))


def weights_of_lot(lot_id: UUID) -> dict[UUID, int]:
    """Household → the cost of what it contributed, fen: the weights of the lot's pool."""
    query = select(Slip.household_id, func.sum(Slip.value_fen)).where(Slip.lot_id == lot_id)
    return {household: int(fen) for household, fen in db.session.execute(query.group_by(Slip.household_id))}


def most_saleable(lots: Iterable[Lot]) -> dict[UUID, int]:
    """Lot → what its deliveries can give at most, thousandths of the base unit; only lots that declare a yield."""
    declared = [lot for lot in lots if lot.yields and lot.delivered and lot.delivered_unit]
    if not declared:
        return {}
    units = {id_: row.base_unit for id_, row in products.by_ids({lot.product_id for lot in declared}).items()}
    found = {
        lot.id: rules.most_saleable(lot.delivered or 0, lot.delivered_unit or "", units[lot.product_id])
        for lot in declared
    }
    return {lot_id: most for lot_id, most in found.items() if most is not None}
