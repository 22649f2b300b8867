"""Statements of households, what settled lines brought them, their cards and links, and what is owed by place."""

from typing import Any
from uuid import UUID

from flask import Response, current_app
from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, validate

from ..attribution import services as attribution
from ..attribution.household_schemas import (
    CardSchema,
    LineOpenedSchema,
    LineShareSchema,
    OwedSchema,
    RevokedSchema,
    StatementSchema,
)
from ..core import clock
from ..core.errors import NotFound, Refused
from ..core.fields import Id, Period, Shown
from ..edge.current import actor
from ..edge.guard import guard
from ..households import services as households
from ..regions import services as regions
from ..reporting import cards
from ..settlement import services as settlement
from .blueprint import Blueprint
from .households import one_of
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("statements", _("收入明白账"))


class PeriodsQuery(PageSchema):
    first = Period(load_default=None, metadata={"description": "First month; with `last`"})
    last = Period(load_default=None, metadata={"description": "Last month; with `first`"})


class StatementQuery(PeriodsQuery):
    supplier_id = Id(load_default=None, metadata={"description": "Of one supplier; suppliers see their own part"})

    class Meta:
        exclude = ("page", "size")


def periods(query: dict[str, Any]) -> tuple[int, int] | None:
    if query["first"] is None and query["last"] is None:
        return None
    if query["first"] is None or query["last"] is None or query["first"] > query["last"]:
        raise Refused("out_of_range", field="last")
    return query["first"], query["last"]


def _supplier(query: dict[str, Any]) -> UUID | None:
    who = actor()
    if who.kind != "supplier":
        return query["supplier_id"]
    if query["supplier_id"] not in (None, who.organisation):
        raise NotFound("organisation")
    return who.organisation


@blueprint.get("/households/<uuid:household_id>/statement", summary=_("收入明白账"))
@blueprint.asks(StatementQuery)
@blueprint.gives(StatementSchema)
@guard("statement.read")
def statement(query: dict[str, Any], household_id: UUID) -> Any:
    """Attributed, owed, received by month and mechanism, and every row that made them. Without months: of all time."""
    months = periods(query)
    found = attribution.statement(one_of(household_id).id, _supplier(query), months)
    return {name: getattr(found, name) for name in FIGURES + ROWS} | {
        "sold_fen": settlement.sold_by(found.suppliers, months or (200001, 210012)) if found.suppliers else 0,
        "months": [
            {"period": period, "mechanism": mechanism, **vars(sums)}
            for period, kinds in found.by_month().items()
            for mechanism, sums in kinds.items()
        ],
        "pools": [_pool(share) for share in found.pools],
    }


FIGURES = ("household_id", "attributed_fen", "owed_fen", "received_fen", "payable_fen", "recoverable_fen")
ROWS = ("slips", "payments", "payouts", "flows", "revisions", "advances")


def _pool(share: Any) -> dict[str, Any]:
    names = ("mechanism", "lot_number", "fen", "pool_fen", "weight", "weights_total", "cuts")
    return {name: getattr(share, name) for name in names} | {
        "pool_id": share.pool.id,
        "supplier_id": share.pool.supplier_id,
        "makes_debt": share.pool.makes_debt,
        "agreement_number": share.agreement.number,
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
    rows, total = attribution.lines_of(pool, household.id, periods(query), page=query["page"], size=query["size"])
    seen = settlement.lines_by_ids(actor(), [share.line_id for share in rows])
    return page_of([_line(share, seen.get(share.line_id)) for share in rows], total, query)


def _line(share: Any, settled: Any) -> dict[str, Any]:
    return {
        "line_id": share.line_id,
        "day": share.day,
        "fen": share.fen,
        "pool_fen": share.pool_fen,
        "reverses_id": settled.reverses_id if settled else None,
        "order_id": settled.order_id if settled else None,
        "quantity": settled.quantity if settled else None,
    }


@blueprint.get("/settled-lines/<uuid:line_id>/households", summary=_("一笔销售分到各户"))
@blueprint.gives(LineOpenedSchema)
@guard("statement.read")
def households_of_line(line_id: UUID) -> Any:
    """Each pool that a settled line moved, with every household's fen; offices read those of their division."""
    who = actor()
    if line_id not in settlement.lines_by_ids(who, [line_id]) or who.kind not in ("supplier", "office", "auditor"):
        raise NotFound("line")
    opened = attribution.households_of_line(line_id)
    seen = None
    if who.kind == "office":
        seen = households.those_in(who.scope.division or "-", {id_ for _, _, shares in opened for id_ in shares})
    return {
        "line_id": line_id,
        "pools": [
            {
                "pool_id": pool.id,
                "mechanism": pool.mechanism,
                "pool_fen": fen,
                "households": [
                    {"household_id": id_, "fen": share}
                    for id_, share in shares.items()
                    if share and (seen is None or id_ in seen)
                ],
            }
            for pool, fen, shares in opened
        ],
    }


@blueprint.post("/households/<uuid:household_id>/card", summary=_("打印明白卡"))
@blueprint.takes(CardSchema)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
@blueprint.alt_response(204, description="The same key again: the card is printed, its code is not shown twice")
@guard("link.issue")
def card(data: dict[str, Any], household_id: UUID) -> Response:
    """The card as PDF with a new link's QR code; the former card's code is dead from now on. Never answered twice."""
    household = one_of(household_id)
    year = data["year"] or clock.today().year
    if year > clock.today().year:
        raise Refused("out_of_range", field="year")
    content = cards.cards(actor(), [household.id], year, current_app.config["SETTINGS"].public_url)
    response = Response(content, mimetype="application/pdf")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/households/<uuid:household_id>/link/revoke", summary=_("作废明白卡的二维码"))
@blueprint.gives(RevokedSchema)
@guard("link.issue")
def revoke(household_id: UUID) -> Any:
    return {"revoked": attribution.revoke(actor(), one_of(household_id).id)}


class OwingQuery(PageSchema):
    only = fields.String(
        load_default="payable",
        validate=validate.OneOf(["payable", "overdue", "recoverable", "all"]),
        metadata={"description": "overdue: for more than 30 days"},
    )


@blueprint.get("/owing/households", summary=_("各户应得与已得"))
@blueprint.asks(OwingQuery)
@blueprint.gives(list_of(OwedSchema))
@guard("statement.read")
def owing_households(query: dict[str, Any]) -> Any:
    """What the actor's supplier owes each household, most first."""
    who = actor()
    if who.kind != "supplier" or who.organisation is None:
        raise NotFound("organisation")
    rows, total = attribution.owing_by_household(who.organisation, **query)
    return page_of(rows, total, query)


class PlaceQuery(Schema):
    by = fields.String(load_default="supplier", validate=validate.OneOf(["supplier", "township", "village"]))


class PlaceOwedSchema(Shown):
    items = fields.List(fields.Nested(OwedSchema))


@blueprint.get("/owing/divisions/<string:code>", summary=_("一地的应得与已得"))
@blueprint.asks(PlaceQuery)
@blueprint.gives(PlaceOwedSchema)
@guard("statement.read")
def owing_in_division(query: dict[str, Any], code: str) -> Any:
    """Of the households that live in a division of the office's own, by supplier, township or village."""
    who = actor()
    if len(code) != 12 or not code.isdecimal() or who.kind not in ("office", "auditor"):
        raise NotFound("division")
    prefix = regions.division(code).prefix
    if who.kind == "office" and not prefix.startswith(who.scope.division or "-"):
        raise NotFound("division")
    return {"items": attribution.owing_in_division(prefix, query["by"])}
