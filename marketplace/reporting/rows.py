"""The rows that make a figure: order lines, accepted and settled lines, slips, payments. Their sum is the figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, Uuid, cast, func, literal, null, select, union_all

from ..attribution.models import Distribution, Payout
from ..core import clock
from ..core.actor import Actor
from ..core.db import db
from ..core.errors import Refused
from ..households import services as households
from ..households.models import Household
from ..linkage.models import FarmPayment, Flow, Lot, LotRevision, LotRevisionShare, Slip
from ..procurement.models import Acceptance, AcceptanceLine, Order, OrderLine
from ..settlement.models import SettledLine
from . import sources
from .reached import reached
from .sources import Asked
from .volume import check

FIGURES = ("ordered", "accepted", "settled", "attributed", "owed", "received")


@dataclass(frozen=True)
class Behind:
    """One row behind a figure. `kind`: order_line, accepted_line, settled_line, slip, flow, revision, set_off,
    farm_payment, payout; what a kind     does not have is None. `fen` is its part of the figure; `of_fen` the money it is a part of."""

    kind: str
    id: UUID
    day: date
    number: str
    text: str
    order_id: UUID | None
    lot_id: UUID | None
    lot_number: str | None
    supplier_id: UUID
    agency_id: UUID | None
    household_id: UUID | None
    division: str
    fen: int
    of_fen: int


@dataclass(frozen=True)
class Opened:
    """A page of rows, how many there are, and the fen of all of them: None where the figure cannot be told so."""

    rows: list[Behind]
    total: int
    fen: int | None


def rows(actor: Actor, asked: Asked, figure: str, *, sort: str = "-day", page: int = 1, size: int = 50) -> Opened:
    """The rows of a figure; `sort` is day or fen, with a minus for descending.

    Raises Refused('not_a_figure') and what `volume` raises.
    """
    actor.require("report.read")
    check(asked, "month")
    if figure not in FIGURES:
        raise Refused("not_a_figure", field="figure", value=figure)
    if figure in ("owed", "received") and not all(source.tells(actor, asked) for source in sources.OWING):
        return Opened([], 0, None)
    parts = _PARTS[figure](actor, asked)
    query = (parts[0] if len(parts) == 1 else union_all(*parts)).subquery()
    count, fen = db.session.execute(select(func.count(), func.coalesce(func.sum(query.c.fen), 0))).one()
    column = query.c.fen if sort.removeprefix("-") == "fen" else query.c.day
    order = (column.desc(), query.c.id.desc()) if sort.startswith("-") else (column.asc(), query.c.id.asc())
    found = db.session.execute(select(query).order_by(*order).limit(size).offset((page - 1) * size))
    return Opened([_behind(row) for row in found], int(count), int(fen))


def _behind(row: Any) -> Behind:
    values = dict(row._mapping)
    if isinstance(values["day"], datetime):
        values["day"] = clock.local(values["day"]).date()
    return Behind(**values)


def _no_id(name: str) -> Any:
    return cast(null(), Uuid()).label(name)


def _columns(kind: str, id_: Any, day: Any, number: Any, text: Any, fen: Any, of_fen: Any, **more: Any) -> list[Any]:
    return [
        literal(kind, String()).label("kind"),
        id_.label("id"),
        day.label("day"),
        number.label("number"),
        text.label("text"),
        *(more[name].label(name) if name in more else _no_id(name) for name in ("order_id", "lot_id")),
        (more["lot_number"] if "lot_number" in more else cast(null(), String())).label("lot_number"),
        more["supplier_id"].label("supplier_id"),
        *(more[name].label(name) if name in more else _no_id(name) for name in ("agency_id", "household_id")),
        more["division"].label("division"),
        fen.label("fen"),
        of_fen.label("of_fen"),
    ]


def _ordered(actor: Actor, asked: Asked) -> list[Select[Any]]:
    columns = _columns(
        "order_line",
        OrderLine.id,
        Order.approved_at,
        Order.number,
        OrderLine.name,
        OrderLine.money_fen,
        OrderLine.money_fen,
        order_id=Order.id,
        supplier_id=Order.supplier_id,
        agency_id=Order.agency_id,
        division=Order.division,
    )
    return [sources.ORDERED.narrow(select(*columns).select_from(OrderLine), actor, asked, "month")]


def _accepted(actor: Actor, asked: Asked) -> list[Select[Any]]:
    columns = _columns(
        "accepted_line",
        AcceptanceLine.id,
        Acceptance.day,
        Order.number,
        OrderLine.name,
        AcceptanceLine.money_fen,
        AcceptanceLine.money_fen,
        order_id=Order.id,
        lot_id=Lot.id,
        lot_number=Lot.number,
        supplier_id=Order.supplier_id,
        agency_id=Order.agency_id,
        division=Lot.division,
    )
    query = select(*columns).select_from(AcceptanceLine)
    return [sources.ACCEPTED.narrow(query, actor, asked, "month", frozenset(sources.DIMENSIONS))]


def _settled(actor: Actor, asked: Asked, fen: Any = SettledLine.money_fen) -> list[Select[Any]]:
    columns = _columns(
        "settled_line",
        SettledLine.id,
        SettledLine.day,
        Order.number,
        OrderLine.name,
        fen,
        SettledLine.money_fen,
        order_id=SettledLine.order_id,
        lot_id=SettledLine.lot_id,
        lot_number=Lot.number,
        supplier_id=SettledLine.supplier_id,
        agency_id=SettledLine.agency_id,
        division=SettledLine.origin,
    )
    query = (
        select(*columns)
        .select_from(SettledLine)
        .join(Order, Order.id == SettledLine.order_id)
        .join(OrderLine, OrderLine.id == SettledLine.order_line_id)
        .join(Lot, Lot.id == SettledLine.lot_id)
        .where(fen != 0)  # a reversal is below zero
    )
    return [sources.SETTLED.narrow(query, actor, asked, "month")]


def _attributed(actor: Actor, asked: Asked) -> list[Select[Any]]:
    return _settled(actor, asked, SettledLine.attributed_fen)


def _owed(actor: Actor, asked: Asked) -> list[Select[Any]]:
    value = Slip.payable_fen + Slip.deduction_fen
    flows = _columns(
        "flow",
        Flow.id,
        Flow.day,
        Flow.batch,
        Flow.evidence,
        Flow.fen,
        Flow.fen,
        supplier_id=Flow.supplier_id,
        household_id=Flow.household_id,
        division=Flow.division,
    )
    revisions = _columns(
        "revision",
        LotRevision.id,
        LotRevision.day,
        LotRevision.number,
        LotRevision.reason,
        LotRevisionShare.fen,
        LotRevision.fen,
        lot_id=Lot.id,
        lot_number=Lot.number,
        supplier_id=LotRevision.supplier_id,
        household_id=LotRevisionShare.household_id,
        division=Lot.division,
    )
    return [
        sources.SLIPS.narrow(_slips("slip", value, value), actor, asked, "month"),
        sources.FLOWS.narrow(select(*flows).select_from(Flow), actor, asked, "month"),
        sources.REVISIONS.narrow(select(*revisions).select_from(LotRevisionShare), actor, asked, "month"),
        *_settled(actor, asked, SettledLine.owed_fen),
    ]


def _slips(kind: str, fen: Any, of_fen: Any) -> Select[Any]:
    columns = _columns(
        kind,
        Slip.id,
        Slip.delivered_on,
        Slip.number,
        Slip.item,
        fen,
        of_fen,
        lot_id=Slip.lot_id,
        lot_number=Lot.number,
        supplier_id=Slip.supplier_id,
        household_id=Slip.household_id,
        division=Slip.division,
    )
    return select(*columns).select_from(Slip).outerjoin(Lot, Lot.id == Slip.lot_id)


def _received(actor: Actor, asked: Asked) -> list[Select[Any]]:
    paid = _columns(
        "farm_payment",
        FarmPayment.id,
        FarmPayment.paid_on,
        Slip.number,
        FarmPayment.evidence,
        FarmPayment.fen,
        Slip.payable_fen,
        supplier_id=FarmPayment.supplier_id,
        household_id=FarmPayment.household_id,
        division=FarmPayment.division,
    )
    paid_out = _columns(
        "payout",
        Payout.id,
        Payout.paid_on,
        Distribution.number,
        Payout.evidence,
        Payout.fen,
        Payout.fen,
        supplier_id=Payout.supplier_id,
        household_id=Payout.household_id,
        division=Payout.division,
    )
    payments = select(*paid).select_from(FarmPayment).join(Slip, Slip.id == FarmPayment.slip_id)
    payouts = select(*paid_out).select_from(Payout).join(Distribution, Distribution.id == Payout.distribution_id)
    value = Slip.payable_fen + Slip.deduction_fen
    return [
        sources.SET_OFF.narrow(_slips("set_off", Slip.deduction_fen, value), actor, asked, "month"),
        sources.PAYMENTS.narrow(payments, actor, asked, "month"),
        sources.PAYOUTS.narrow(payouts, actor, asked, "month"),
    ]


_PARTS = {
    "ordered": _ordered,
    "accepted": _accepted,
    "settled": _settled,
    "attributed": _attributed,
    "owed": _owed,
    "received": _received,
}


@dataclass(frozen=True)
class Reached:
    """A page of the households that a figure counts; `elsewhere` are counted but live outside the actor's scope."""

    rows: list[Household]
    total: int
    elsewhere: int


def households_reached(actor: Actor, asked: Asked, *, page: int = 1, size: int = 50) -> Reached:
    """The households behind the settled lines, by village and number. Raises Forbidden, Refused as volume."""
    actor.require("report.read")
    actor.require("household.read")
    groups = reached(actor, check(asked, "month"), "month")
    ids = sorted(frozenset().union(*groups.values()))
    known = [row for row in households.by_ids(ids).values() if _may_see(actor, row)]
    known.sort(key=lambda row: (row.present_division, row.group_name, row.code))
    return Reached(known[(page - 1) * size : page * size], len(ids), len(ids) - len(known))


def _may_see(actor: Actor, row: Household) -> bool:
    scope = actor.scope
    if scope.everything or scope.supplier is not None:  # a supplier's own lines reach its own households alone
        return True
    return any(code.startswith(scope.division or "-") for code in (row.present_division, row.division))


def named_households(ids: list[UUID]) -> dict[UUID, Household]:
    """The households of rows that an actor was shown, by id: their names are masked there."""
    return households.by_ids(ids)


@dataclass(frozen=True)
class LineOrder:
    """The order that a settled line belongs to, and what of it that line was."""

    order_id: UUID
    number: str
    agency_id: UUID
    supplier_id: UUID
    text: str
    quantity: int
    unit: str
    money_fen: int


def orders_behind(line_ids: Iterable[UUID]) -> dict[UUID, LineOrder]:
    """Settled line → its order, in one statement; the caller has checked scope."""
    query = (
        select(
            SettledLine.id,
            Order.id,
            Order.number,
            SettledLine.agency_id,
            SettledLine.supplier_id,
            OrderLine.name,
            SettledLine.quantity,
            OrderLine.order_unit,
            SettledLine.money_fen,
        )
        .join(Order, Order.id == SettledLine.order_id)
        .join(OrderLine, OrderLine.id == SettledLine.order_line_id)
        .where(SettledLine.id.in_(set(line_ids)))
    )
    return {row[0]: LineOrder(*row[1:]) for row in db.session.execute(query)}
