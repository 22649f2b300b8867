"""Where each figure is read: one `Source` per table, with the column of every dimension that it can be asked by."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from ..attribution.models import Payout
from ..core.actor import Actor
from ..core.db import db, lies_in, visible
from ..linkage.models import FarmPayment, Flow, Lot, LotRevision, LotRevisionShare, Slip
from ..linkage.rules import OWED_AT_SLIP
from ..procurement.models import Acceptance, AcceptanceLine, Order, OrderLine
from ..settlement.models import Figure, SettledLine
from . import rules

DIMENSIONS = ("origin", "buyer", "supplier", "category", "channel", "month")
NOT_ORDERED = ("declined", "lapsed", "cancelled")


@dataclass(frozen=True)
class Asked:
    """What a report is asked: months `first` to `last` (202611), and filters. `origin` is a division's prefix of 2, 4,
    6, 9 or 12 digits; the 12 digits of a county or township mean what lies in no finer part of it."""

    first: int
    last: int
    origin: str | None = None
    buyer: UUID | None = None
    supplier: UUID | None = None
    category: str | None = None
    channel: str | None = None

    @property
    def filters(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in DIMENSIONS[:-1]}
        return {name: value for name, value in named.items() if value}

    def narrowed(self, by: str, key: str) -> "Asked":
        """The same question about one group."""
        if by == "month":
            return replace(self, first=int(key), last=int(key))
        value: Any = UUID(key) if by in ("buyer", "supplier") else key
        return replace(self, **{by: value})

    def year_before(self) -> "Asked":
        return replace(self, first=rules.year_before(self.first), last=rules.year_before(self.last))


@dataclass(frozen=True)
class Source:
    """`columns`: dimension → column. `joins`: (dimensions that need it, table, condition); "scope" is needed by offices
    and agencies whose scope the filters do not already imply."""

    base: Any
    period: Any
    columns: dict[str, Any]
    always: tuple[Any, ...] = ()
    joins: tuple[tuple[frozenset[str], Any, Any], ...] = ()
    buyer_division: Any = None
    household: Any = None

    def tells(self, actor: Actor, asked: Asked, by: str = "month") -> bool:
        """Whether this table can be asked so at all: slips know no buyer."""
        known = self.columns.keys() | {"month"}
        reached = (
            actor.scope.everything
            or actor.scope.supplier is not None
            or actor.scope.division is not None
            or "buyer" in self.columns
        )
        return reached and by in known and asked.filters.keys() <= known

    def column(self, by: str) -> Any:
        return self.period if by == "month" else self.columns[by]

    def narrow(
        self, query: Select[Any], actor: Actor, asked: Asked, by: str, also: frozenset[str] = frozenset()
    ) -> Any:
        """Joins, months, filters and the actor's scope on a query that starts from `base`."""
        needed = set(asked.filters) | {by} | also
        scope = self._scope(actor, asked)
        if scope is not None:
            needed |= {"origin", "scope"}
        for names, table, condition in self.joins:
            if names & needed:
                query = query.join(table, condition)
        query = query.where(self.period.between(asked.first, asked.last), *self.always)
        for name, value in asked.filters.items():
            column = self.columns[name]
            query = query.where(lies_in(column, value) if name == "origin" else column == value)
        return query if scope is None else query.where(scope)

    def _scope(self, actor: Actor, asked: Asked) -> ColumnElement[bool] | None:
        if implied(actor, asked):
            return None
        sides = (
            (self.columns["origin"],) if self.buyer_division is None else (self.columns["origin"], self.buyer_division)
        )
        return visible(actor.scope, supplier=self.columns["supplier"], agency=self.columns.get("buyer"), division=sides)


def implied(actor: Actor, asked: Asked) -> bool:
    """Whether the filters alone keep to the actor's scope."""
    scope = actor.scope
    return (
        scope.everything
        or (scope.supplier is not None and asked.supplier == scope.supplier)
        or (bool(scope.agencies) and asked.buyer in scope.agencies)
        or (scope.division is not None and (asked.origin or "").startswith(scope.division))
    )


_ORDER = frozenset({"buyer", "supplier", "channel", "scope"})
SETTLED = Source(
    SettledLine,
    SettledLine.period,
    {
        "origin": SettledLine.origin,
        "buyer": SettledLine.agency_id,
        "supplier": SettledLine.supplier_id,
        "category": SettledLine.category_code,
        "channel": SettledLine.channel,
    },
    buyer_division=SettledLine.agency_division,
)
ORDERED = Source(
    OrderLine,
    Order.period,
    {
        "origin": Order.division,
        "buyer": Order.agency_id,
        "supplier": Order.supplier_id,
        "category": OrderLine.category_code,
        "channel": Order.channel,
    },
    always=(Order.state.not_in(NOT_ORDERED),),
    joins=((frozenset({*DIMENSIONS, "scope"}), Order, Order.id == OrderLine.order_id),),
    buyer_division=Order.agency_division,
)
ACCEPTED = Source(
    AcceptanceLine,
    Acceptance.period,
    {
        "origin": Lot.division,
        "buyer": Order.agency_id,
        "supplier": Order.supplier_id,
        "category": OrderLine.category_code,
        "channel": Order.channel,
    },
    always=(AcceptanceLine.money_fen > 0,),
    joins=(
        (frozenset({*DIMENSIONS, "scope"}), Acceptance, Acceptance.id == AcceptanceLine.acceptance_id),
        (frozenset({"origin"}), Lot, Lot.id == AcceptanceLine.lot_id),
        (_ORDER, Order, Order.id == Acceptance.order_id),
        (frozenset({"category"}), OrderLine, OrderLine.id == AcceptanceLine.order_line_id),
    ),
    buyer_division=Order.agency_division,
)
_AT_SLIP = Slip.basis.in_(OWED_AT_SLIP)
_OF_SLIP = {"origin": Slip.division, "supplier": Slip.supplier_id}
SLIPS = Source(Slip, Slip.period, _OF_SLIP, always=(_AT_SLIP,), household=Slip.household_id)
FLOWS = Source(
    Flow,
    Flow.period,
    {"origin": Flow.division, "supplier": Flow.supplier_id},
    household=Flow.household_id,
)
REVISIONS = Source(  # late costs of a lot that are owed at once, where the lot comes from
    LotRevisionShare,
    LotRevision.period,
    {"origin": Lot.division, "supplier": LotRevision.supplier_id},
    always=(LotRevision.owed_now,),
    joins=(
        (frozenset(DIMENSIONS), LotRevision, LotRevision.id == LotRevisionShare.revision_id),
        (frozenset(DIMENSIONS), Lot, Lot.id == LotRevision.lot_id),
    ),
    household=LotRevisionShare.household_id,
)
SET_OFF = Source(  # what a slip repaid of a signed advance: received by set-off on that day
    Slip,
    Slip.period,
    _OF_SLIP,
    always=(_AT_SLIP, Slip.deduction_fen > 0),
    household=Slip.household_id,
)
PAYMENTS = Source(
    FarmPayment,
    FarmPayment.period,
    {"origin": FarmPayment.division, "supplier": FarmPayment.supplier_id},
    household=FarmPayment.household_id,
)
PAYOUTS = Source(
    Payout,
    Payout.period,
    {"origin": Payout.division, "supplier": Payout.supplier_id},
    always=(Payout.state == "paid",),
    household=Payout.household_id,
)
# What is owed without being sold, and what is received: each with its money.
OWED: tuple[tuple[Source, Any], ...] = (
    (SLIPS, Slip.payable_fen + Slip.deduction_fen),
    (FLOWS, Flow.fen),
    (REVISIONS, LotRevisionShare.fen),
)
RECEIVED: tuple[tuple[Source, Any], ...] = (
    (SET_OFF, Slip.deduction_fen),
    (PAYMENTS, FarmPayment.fen),
    (PAYOUTS, Payout.fen),
)
OWING = tuple(source for source, _ in (*OWED, *RECEIVED))


Cells = dict[tuple[str, int], tuple[int, ...]]


def grouped(source: Source, actor: Actor, asked: Asked, by: str, *money: Any) -> Cells:
    """(group, month) → sums of `money` columns, one statement. By month, the group is the month."""
    columns = [source.period] if by == "month" else [source.columns[by], source.period]
    sums = [func.sum(part) for part in money]
    query = source.narrow(select(*columns, *sums).select_from(source.base), actor, asked, by).group_by(*columns)
    return _cells(query, len(columns))


def _cells(query: Select[Any], columns: int) -> Cells:
    return {
        (str(row[0]), int(row[columns - 1])): tuple(int(part) for part in row[columns:])
        for row in db.session.execute(query)
    }


_FIGURE = {"origin": "origin", "buyer": "agency", "supplier": "supplier", "category": "category", "channel": "channel"}


def settled(actor: Actor, asked: Asked, by: str) -> Cells:
    """(settled, attributed, owed, lines) by cell: from the figures where one dimension and months are asked."""
    dimension = figure_dimension(actor, asked, by)
    if dimension is None:
        line = SettledLine
        return grouped(SETTLED, actor, asked, by, line.money_fen, line.attributed_fen, line.owed_fen, 1)
    columns = [Figure.period] if by == "month" else [Figure.key, Figure.period]
    sums = [func.sum(part) for part in (Figure.money_fen, Figure.attributed_fen, Figure.owed_fen, Figure.lines)]
    query = select(*columns, *sums).where(
        Figure.dimension == _FIGURE[dimension], Figure.period.between(asked.first, asked.last)
    )
    value = asked.filters.get(dimension)
    if value is not None:
        query = query.where(lies_in(Figure.key, value) if dimension == "origin" else Figure.key == str(value))
    return _cells(query.group_by(*columns), len(columns))


def figure_dimension(actor: Actor, asked: Asked, by: str) -> str | None:
    """The dimension whose figures answer alone, or None: filters and groups ask one dimension and months, and the
    filters keep to the actor's scope."""
    asks = set(asked.filters) | ({by} - {"month"})
    if len(asks) > 1 or not implied(actor, asked):
        return None
    return asks.pop() if asks else "channel"  # the fewest rows
