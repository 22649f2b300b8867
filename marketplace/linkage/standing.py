"""How a household stands with a supplier: what it was ever owed and what it has received, fen.

One row per pair; its id is that of their ledger account. Whatever posts to that account changes the row in the same
transaction, so that "never more than owed" is one conditional statement, and a trigger below it.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, Uuid, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.util import identity_key

from ..core.db import Base, change_rows, db, is_sqlite, rows_as_query
from .accounts import owed


class Standing(Base):
    """`owed_fen` is less what reversals took back, so `received_fen` may exceed it: then the rest is recoverable."""

    __tablename__ = "standing"
    __table_args__ = (
        UniqueConstraint("household_id", "supplier_id"),
        CheckConstraint("owed_fen >= 0 AND received_fen >= 0", name="not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    owed_fen: Mapped[int]
    received_fen: Mapped[int]

    @property
    def payable_fen(self) -> int:
        return max(0, self.owed_fen - self.received_fen)

    @property
    def recoverable_fen(self) -> int:
        return max(0, self.received_fen - self.owed_fen)


def add_owed(supplier_id: UUID, amounts: Mapping[UUID, int]) -> None:
    """Household → fen that it is owed from now on; negative where a reversal takes it back. One statement, rows in order."""
    rows: list[dict[str, Any]] = [
        {"id": owed(household, supplier_id).id, "household_id": household, "fen": fen}
        for household, fen in amounts.items()
        if fen
    ]
    if not rows:
        return
    rows.sort(key=lambda row: row["id"])  # two that change the same households wait for each other in one order
    taking = any(row["fen"] < 0 for row in rows)
    wanted = rows_as_query(["household_id", "fen"], [row | {"fen": 0} for row in rows] if taking else rows)
    wanted = wanted.subquery("wanted")
    build: Any = sqlite.insert if is_sqlite() else postgresql.insert
    # `WHERE true`: without it SQLite reads ON CONFLICT as a join's condition.
    source = select(wanted.c.id, wanted.c.household_id, _constant(supplier_id), wanted.c.fen, _constant(0)).where(
        true()
    )
    statement = build(Standing).from_select(
        ["id", "household_id", "supplier_id", "owed_fen", "received_fen"], source.order_by(wanted.c.id)
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_={"owed_fen": Standing.owed_fen + statement.excluded.owed_fen}
        ),
        execution_options={"synchronize_session": False},
    )
    if taking:  # a row below zero cannot stand for inserting, not even to be merged: all are locked now, and change
        change_rows(
            Standing,
            [{"id": row["id"], "fen": row["fen"]} for row in rows],
            set_=lambda row, wanted: {"owed_fen": row.owed_fen + wanted.fen},
            where=lambda row, wanted: true(),
        )
    for row in rows:
        held = db.session.identity_map.get(identity_key(Standing, row["id"]))
        if held is not None:
            db.session.expire(held)


def _constant(value: Any) -> Any:
    return literal(value, Uuid() if isinstance(value, UUID) else BigInteger())


def receive(supplier_id: UUID, amounts: Mapping[UUID, int]) -> set[UUID]:
    """Household → fen > 0 that it received now. Returns those to whom it would be more than owed; then nothing changed."""
    wanted = {owed(household, supplier_id).id: household for household in amounts}
    with db.session.begin_nested() as attempt:
        changed = change_rows(
            Standing,
            [{"id": id_, "fen": amounts[household]} for id_, household in wanted.items()],
            set_=lambda row, wanted: {"received_fen": row.received_fen + wanted.fen},
            where=lambda row, wanted: row.received_fen + wanted.fen <= row.owed_fen,
        )
        refused = set(wanted) - {row.id for row in changed}
        if refused:
            attempt.rollback()
    return {wanted[id_] for id_ in refused}


def of_supplier(supplier_id: UUID) -> dict[UUID, Standing]:
    """Household → its standing with a supplier; the caller has checked scope."""
    return {
        row.household_id: row for row in db.session.scalars(select(Standing).where(Standing.supplier_id == supplier_id))
    }


def of_household(household_id: UUID) -> dict[UUID, Standing]:
    """Supplier → a household's standing with it; the caller has checked scope."""
    query = select(Standing).where(Standing.household_id == household_id)
    return {row.supplier_id: row for row in db.session.scalars(query)}


def locked(supplier_id: UUID, households: set[UUID]) -> dict[UUID, Standing]:
    """Household → standing, locked in order until the transaction ends; one that has none is missing."""
    ids = sorted(owed(household, supplier_id).id for household in households)
    query = select(Standing).where(Standing.id.in_(ids)).order_by(Standing.id).with_for_update()
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return {row.household_id: row for row in rows}
