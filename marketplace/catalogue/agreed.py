"""Agreed prices (协议价): what a supplier owes an agency by a framework agreement or an awarded quotation.

A requisition line that names one costs its price whatever the offer's breaks say; what is approved under it is drawn
from its ceiling, and given back when the order line is cancelled.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from ..core.db import change_rows, db, new_id
from ..core.errors import Many, Refused
from .models import AgreedPrice


def agree(rows: list[dict[str, Any]]) -> list[UUID]:
    """Stores agreed prices: offer_id, agency_id, price_fen, from_day, until_day, ceiling (thousandths of the order
    unit, None without limit), source_kind ('framework', 'quotation'), source_id, number. Returns their ids."""
    values = [{"id": new_id(), "used": 0, "ended": False, **row} for row in rows]
    if values:
        db.session.execute(insert(AgreedPrice), values)
    return [row["id"] for row in values]


def agreed(ids: Iterable[UUID]) -> dict[UUID, AgreedPrice]:
    """Agreed prices by id, one statement."""
    query = select(AgreedPrice).where(AgreedPrice.id.in_(set(ids)))
    return {row.id: row for row in db.session.scalars(query.execution_options(populate_existing=True))}


def agreed_of(source_ids: Iterable[UUID]) -> dict[UUID, list[AgreedPrice]]:
    """Source (request or framework) → its agreed prices, one statement."""
    query = select(AgreedPrice).where(AgreedPrice.source_id.in_(set(source_ids))).order_by(AgreedPrice.id)
    found: dict[UUID, list[AgreedPrice]] = {}
    for row in db.session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(row.source_id, []).append(row)
    return found


def agreed_for(agency_id: UUID, offer_ids: Iterable[UUID], day: date) -> dict[UUID, list[AgreedPrice]]:
    """Offer → the agreed prices that an agency may call off on a day, the cheapest first; one statement."""
    query = select(AgreedPrice).where(
        AgreedPrice.agency_id == agency_id,
        AgreedPrice.offer_id.in_(set(offer_ids)),
        AgreedPrice.from_day <= day,
        AgreedPrice.until_day >= day,
        AgreedPrice.ended.is_(False),
    )
    found: dict[UUID, list[AgreedPrice]] = {}
    for row in db.session.scalars(query.order_by(AgreedPrice.price_fen, AgreedPrice.id)):
        found.setdefault(row.offer_id, []).append(row)
    return found


def draw(wanted: dict[UUID, int], rows: dict[UUID, int]) -> None:
    """Takes thousandths of the order unit from agreed prices' ceilings, in one statement.

    `rows`: the line that each belongs to. Raises Many of Refused('beyond_agreed') with what is left.
    """
    if not wanted:
        return
    drawn = change_rows(
        AgreedPrice,
        [{"id": id_, "quantity": quantity} for id_, quantity in wanted.items()],
        set_=lambda row, asked: {"used": row.used + asked.quantity},
        where=lambda row, asked: (
            row.ended.is_(False) & (row.ceiling.is_(None) | (row.used + asked.quantity <= row.ceiling))
        ),
    )
    short = set(wanted) - {row.id for row in drawn}
    if short:
        left = {row.id: 0 if row.ended else (row.ceiling or 0) - row.used for row in agreed(short).values()}
        raise Many(
            [
                Refused("beyond_agreed", field="quantity", row=rows.get(id_), left_qty=left.get(id_, 0))
                for id_ in sorted(short)
            ]
        )


def undraw(given_back: dict[UUID, int]) -> None:
    """Gives drawn thousandths back to their ceilings."""
    change_rows(
        AgreedPrice,
        [{"id": id_, "quantity": quantity} for id_, quantity in given_back.items() if quantity],
        set_=lambda row, asked: {"used": row.used - asked.quantity},
        where=lambda row, asked: row.used >= asked.quantity,
    )


def end_agreed(source_id: UUID, offer_ids: Iterable[UUID] = (), agency_ids: Iterable[UUID] = ()) -> None:
    """Nothing more is called off under a source's prices, or under those of some offers for some agencies."""
    ended = update(AgreedPrice).where(AgreedPrice.source_id == source_id).values(ended=True)
    if offer_ids:
        ended = ended.where(AgreedPrice.offer_id.in_(set(offer_ids)), AgreedPrice.agency_id.in_(set(agency_ids)))
    db.session.execute(ended)
