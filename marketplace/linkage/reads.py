"""What attribution reads of a household's and a supplier's side: slips, farm-gate payments, the sources of pools."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from ..core.db import db
from .models import Agreement, FarmPayment, Flow, Lot, LotRevisionShare, Roster, RosterEntry, Slip
from .rules import OWED_AT_SLIP

Periods = tuple[int, int] | None


def slips_of_household(household_id: UUID, supplier_id: UUID | None = None, periods: Periods = None) -> list[Slip]:
    """A household's slips, of one supplier or all, of a range of months (first, last) or all."""
    query = select(Slip).where(*narrowed(Slip, household_id, supplier_id, periods))
    return list(db.session.scalars(query.order_by(Slip.delivered_on, Slip.id)))


def payments_of_household(
    household_id: UUID, supplier_id: UUID | None = None, periods: Periods = None
) -> list[FarmPayment]:
    query = select(FarmPayment).where(*narrowed(FarmPayment, household_id, supplier_id, periods))
    return list(db.session.scalars(query.order_by(FarmPayment.paid_on, FarmPayment.id)))


def narrowed(
    model: type[Slip] | type[FarmPayment] | type[Flow], household_id: UUID, supplier_id: UUID | None, periods: Periods
) -> list[ColumnElement[bool]]:
    conditions = [model.household_id == household_id]
    if supplier_id:
        conditions.append(model.supplier_id == supplier_id)
    if periods:
        conditions.append(model.period.between(*periods))
    return conditions


def sources_of_household(household_id: UUID) -> Select[UUID]:
    """A query of the lots, rosters and revisions that a household has a weight in."""
    lots = select(Slip.lot_id).where(Slip.household_id == household_id, Slip.lot_id.is_not(None))
    rosters = select(RosterEntry.roster_id).where(RosterEntry.household_id == household_id)
    revisions = select(LotRevisionShare.revision_id).where(LotRevisionShare.household_id == household_id)
    every = lots.union(rosters, revisions).subquery()
    return select(every.c[0])


def agreements_by_ids(ids: Iterable[UUID]) -> dict[UUID, Agreement]:
    return {row.id: row for row in db.session.scalars(select(Agreement).where(Agreement.id.in_(set(ids))))}


def _unpaid(supplier_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Slip.supplier_id == supplier_id, Slip.basis.in_(OWED_AT_SLIP), Slip.paid_fen < Slip.payable_fen


def unpaid_by_day(supplier_id: UUID) -> list[tuple[date, int]]:
    """Unpaid fen of a supplier's outright slips by the day of delivery."""
    query = select(Slip.delivered_on, func.sum(Slip.payable_fen - Slip.paid_fen)).where(*_unpaid(supplier_id))
    return [(day, int(fen)) for day, fen in db.session.execute(query.group_by(Slip.delivered_on))]


def unpaid_slips(supplier_id: UUID) -> list[Slip]:
    """A supplier's outright slips that are not fully paid, oldest first."""
    query = select(Slip).where(*_unpaid(supplier_id)).order_by(Slip.delivered_on, Slip.number)
    return list(db.session.scalars(query))


def households_of_products(product_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many households delivered into a product's lots, each once. One statement."""
    query = (
        select(Lot.product_id, func.count(Slip.household_id.distinct()))
        .join(Slip, Slip.lot_id == Lot.id)
        .where(Lot.product_id.in_(set(product_ids)))
        .group_by(Lot.product_id)
    )
    return {product: int(count) for product, count in db.session.execute(query)}


def households_of_suppliers(supplier_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many households are or were on a supplier's rosters, each once. One statement."""
    query = (
        select(Agreement.supplier_id, func.count(RosterEntry.household_id.distinct()))
        .join(Roster, Roster.agreement_id == Agreement.id)
        .join(RosterEntry, RosterEntry.roster_id == Roster.id)
        .where(Agreement.supplier_id.in_(set(supplier_ids)))
        .group_by(Agreement.supplier_id)
    )
    return {supplier: int(count) for supplier, count in db.session.execute(query)}


def count_households_of(sources: Select[UUID]) -> int:
    """How many households, each once, have a part in the lots, rosters and revisions that a query names. One statement."""
    of_lots = select(Slip.household_id).where(Slip.lot_id.in_(sources))
    of_rosters = select(RosterEntry.household_id).where(RosterEntry.roster_id.in_(sources))
    of_revisions = select(LotRevisionShare.household_id).where(LotRevisionShare.revision_id.in_(sources))
    both = of_lots.union(of_rosters, of_revisions).subquery()
    return db.session.scalar(select(func.count()).select_from(both)) or 0
