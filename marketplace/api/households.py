"""Households and their statements: offices see those of their division, suppliers those linked to them."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..attribution import services as attribution
from ..attribution.schemas import LineShareSchema, StatementSchema
from ..core.errors import NotFound, Refused
from ..core.fields import Id, Period, Place
from ..edge.current import actor
from ..edge.guard import guard
from ..households import services as households
from ..households.rules import masked
from ..households.schemas import HouseholdSchema, NewHouseholdSchema, RecognisedSchema, RecogniseSchema
from ..linkage import services as linkage
from ..settlement import services as settlement
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("households", _("农户"))
HEAD = tuple(HouseholdSchema().fields)


class HouseholdsQuery(PageSchema):
    division = Place(load_default=None, metadata={"description": "Township or village where they live"})


class PeriodsQuery(PageSchema):
    first = Period(load_default=None, metadata={"description": "First month; with `last`"})
    last = Period(load_default=None, metadata={"description": "Last month; with `first`"})


class StatementQuery(PeriodsQuery):
    supplier_id = Id(load_default=None, metadata={"description": "Of one supplier; suppliers see their own part"})

    class Meta:
        exclude = ("page", "size")


def linked() -> list[UUID] | None:
    """The households linked to the actor's supplier; None for who sees by division."""
    who = actor()
    if who.kind != "supplier" or who.organisation is None:
        return None
    return list(linkage.linked_households(who.organisation) | linkage.consented(who.organisation))


def one_of(household_id: UUID) -> Any:
    """A household within scope. Raises NotFound."""
    known = linked()
    if known is not None and household_id not in known:
        raise NotFound("household")
    return households.one(actor(), household_id, linked=known is not None)


def shown(row: Any) -> dict[str, Any]:
    """Heads' names go to those who work with the household; others read them masked."""
    name = row.head_name if actor().kind in ("supplier", "office") else masked(row.head_name)
    return {field: getattr(row, field) for field in HEAD} | {"head_name": name}


def periods(query: dict[str, Any]) -> tuple[int, int] | None:
    if query["first"] is None and query["last"] is None:
        return None
    if query["first"] is None or query["last"] is None or query["first"] > query["last"]:
        raise Refused("out_of_range", field="last")
    return query["first"], query["last"]


@blueprint.get("/households", summary=_("农户列表"))
@blueprint.asks(HouseholdsQuery)
@blueprint.gives(list_of(HouseholdSchema))
@guard("household.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, by village, group and code."""
    rows, total = households.listed(actor(), linked(), **query)
    return page_of([shown(row) for row in rows], total, query)


@blueprint.post("/households", summary=_("登记农户"))
@blueprint.takes(NewHouseholdSchema)
@blueprint.gives(HouseholdSchema, 201)
@guard("household.edit")
def add(data: dict[str, Any]) -> Any:
    return shown(households.add(actor(), **data))


@blueprint.post("/households/recognise", summary=_("按户号和户主姓名认户"))
@blueprint.takes(RecogniseSchema)
@blueprint.gives(RecognisedSchema)
@guard("household.edit", writes=False)
def recognise(data: dict[str, Any]) -> Any:
    """For consents on paper: who knows code and name has the household before them. Changes nothing."""
    return {"household_ids": households.recognise([(row["code"], row["head_name"]) for row in data["households"]])}


@blueprint.get("/households/<uuid:household_id>", summary=_("农户"))
@blueprint.gives(HouseholdSchema)
@guard("household.read")
def one(household_id: UUID) -> Any:
    return shown(one_of(household_id))


def _supplier(query: dict[str, Any]) -> UUID | None:
    who = actor()
    if who.kind != "supplier":
        return query["supplier_id"]
    if query["supplier_id"] not in (None, who.organisation):
        raise NotFound("organisation")
    return who.organisation


@blueprint.get("/households/<uuid:household_id>/statement", summary=_("农户对账单"))
@blueprint.asks(StatementQuery)
@blueprint.gives(StatementSchema)
@guard("statement.read")
def statement(query: dict[str, Any], household_id: UUID) -> Any:
    """Attributed, owed, received, payable or recoverable, and what made them: slips, payments, payouts, pools."""
    found = attribution.statement(one_of(household_id).id, _supplier(query), periods(query))
    figures = ("attributed_fen", "owed_fen", "received_fen", "payable_fen", "recoverable_fen")
    return {name: getattr(found, name) for name in ("household_id", "slips", "payments", "payouts", *figures)} | {
        "pools": [
            {
                "pool_id": share.pool.id,
                "mechanism": share.pool.mechanism,
                "agreement_number": share.agreement.number,
                "lot_number": share.lot_number,
                "fen": share.fen,
                "pool_fen": share.pool_fen,
                "weight": share.weight,
                "weights_total": share.weights_total,
            }
            for share in found.pools
        ]
    }


@blueprint.get("/households/<uuid:household_id>/pools/<uuid:pool_id>/lines", summary=_("哪些销售带来的"))
@blueprint.asks(PeriodsQuery)
@blueprint.gives(list_of(LineShareSchema))
@guard("statement.read")
def lines(query: dict[str, Any], household_id: UUID, pool_id: UUID) -> Any:
    """The settled lines that fed a pool, newest first, each with the household's fen."""
    household = one_of(household_id)
    supplier = actor().organisation if actor().kind == "supplier" else None
    pool = next((pool for pool in attribution.pools_of(household.id, supplier) if pool.id == pool_id), None)
    if pool is None:
        raise NotFound("row")
    answer = cut(attribution.lines_of(pool, household.id, periods(query), limit=10_000), query)
    seen = settlement.lines_by_ids(actor(), [share.line_id for share in answer["items"]])
    answer["items"] = [_line(share, seen.get(share.line_id)) for share in answer["items"]]
    return answer


def _line(share: Any, settled: Any) -> dict[str, Any]:
    return {
        "line_id": share.line_id,
        "day": share.day,
        "fen": share.fen,
        "pool_fen": share.pool_fen,
        "order_id": settled.order_id if settled else None,
        "quantity": settled.quantity if settled else None,
    }
