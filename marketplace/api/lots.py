"""Lots: made of slips, carrying their papers."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _

from ..attribution import services as attribution
from ..core.errors import NotFound
from ..core.fields import Flag
from ..edge.current import actor
from ..edge.guard import guard
from ..linkage import services as linkage
from ..linkage.flow_schemas import NewRevisionSchema, RevisionSchema
from ..linkage.schemas import LotSchema, NewLotSchema, NewPaperSchema, PaperSchema, SlipSchema
from ..settlement import services as settlement
from ..settlement.schemas import SettledLineSchema
from .blueprint import Blueprint
from .files import attached, gives_content, require_own
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("lots", _("批次"))
HEAD = [name for name in LotSchema().fields if name != "papers"]


class LotsQuery(PageSchema):
    available = Flag(load_default=False, metadata={"description": "Only with something left"})


def opened(rows: list[Any]) -> list[dict[str, Any]]:
    """Lots with their papers, one statement."""
    papers = linkage.papers_of([row.id for row in rows])
    return [{name: getattr(row, name) for name in HEAD} | {"papers": papers.get(row.id, [])} for row in rows]


@blueprint.get("/lots", summary=_("批次列表"))
@blueprint.asks(LotsQuery)
@blueprint.gives(list_of(LotSchema))
@guard("lot.edit")
def own(query: dict[str, Any]) -> Any:
    """The supplier's own, newest first."""
    answer = cut(linkage.own_lots(actor(), available=query["available"]), query)
    return answer | {"items": opened(answer["items"])}


@blueprint.post("/lots", summary=_("组批"))
@blueprint.takes(NewLotSchema)
@blueprint.gives(LotSchema, 201)
@guard("lot.edit")
def make(data: dict[str, Any]) -> Any:
    """Of slips of one agreement, sealed by that; without slips it is the supplier's own produce."""
    return opened([linkage.make_lot(actor(), **data)])[0]


@blueprint.get("/lots/<uuid:lot_id>", summary=_("批次"))
@blueprint.gives(LotSchema)
@guard(signed_in=True)
def one(lot_id: UUID) -> Any:
    """Of one's own, or of one's division."""
    return opened([linkage.lot(actor(), lot_id)])[0]


@blueprint.get("/lots/<uuid:lot_id>/slips", summary=_("批次的过磅单"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SlipSchema))
@guard(signed_in=True)
def slips(query: dict[str, Any], lot_id: UUID) -> Any:
    return cut(linkage.slips_of_lot(linkage.lot(actor(), lot_id).id), query)


@blueprint.post("/lots/<uuid:lot_id>/papers", summary=_("登记批次单据"))
@blueprint.takes(NewPaperSchema)
@blueprint.gives(PaperSchema, 201)
@guard("lot.edit")
def add_paper(data: dict[str, Any], lot_id: UUID) -> Any:
    require_own(data["file_id"])
    return linkage.add_paper(actor(), lot_id, **data)


@blueprint.get("/lots/<uuid:lot_id>/papers/<uuid:paper_id>/content", summary=_("单据文件"))
@gives_content
@guard(signed_in=True)
def paper_content(lot_id: UUID, paper_id: UUID) -> Response:
    lot = linkage.lot(actor(), lot_id)
    for row in linkage.papers_of([lot.id]).get(lot.id, []):
        if row.id == paper_id and row.file_id:
            return attached(row.file_id)
    raise NotFound("file")


@blueprint.get("/lots/<uuid:lot_id>/revisions", summary=_("批次的补差"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(RevisionSchema))
@guard(signed_in=True)
def revisions(query: dict[str, Any], lot_id: UUID) -> Any:
    return cut(linkage.revisions_of([linkage.lot(actor(), lot_id).id]).get(lot_id, []), query)


@blueprint.post("/lots/<uuid:lot_id>/revisions", summary=_("登记收购价补差"))
@blueprint.takes(NewRevisionSchema)
@blueprint.gives(RevisionSchema, 201)
@guard("lot.edit")
def revise(data: dict[str, Any], lot_id: UUID) -> Any:
    """On top of what the lot cost, never below it: owed at once, or with the lot's further sales where it is consigned."""
    require_own(data["file_id"])
    shares = {part["household_id"]: part["fen"] for part in data.pop("shares")}
    return attribution.revise_lot(actor(), lot_id, shares, **data)


@blueprint.get("/lots/<uuid:lot_id>/settled-lines", summary=_("批次已结清的行"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SettledLineSchema))
@guard("lot.edit")
def settled_lines(query: dict[str, Any], lot_id: UUID) -> Any:
    """What of the supplier's own lot is settled, newest first."""
    return cut(settlement.of_lot(actor(), linkage.lot(actor(), lot_id).id), query)
