"""Posted demand, which anybody reads; joining a pooled one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..edge.current import actor
from ..edge.guard import guard
from ..identity import services as identity
from ..sourcing import services as sourcing
from ..sourcing.rules import SHOWN_REQUEST
from ..sourcing.schemas import DemandOpenedSchema, DemandSchema, JoinSchema, RequestOpenedSchema
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of
from .rfqs import lines_of
from .rfqs import opened as request_opened

blueprint = Blueprint("demands", _("需求发布"))
HEAD = [name for name in DemandSchema().fields if name not in ("agency_name", "state")]


class DemandsQuery(PageSchema):
    state = fields.String(
        load_default="open", validate=validate.OneOf([state for state in SHOWN_REQUEST if state != "draft"])
    )


def named(rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = identity.named({row.agency_id for row in rows})
    return [
        {name: getattr(row, name) for name in HEAD}
        | {"agency_name": names[row.agency_id].name, "state": sourcing.request_state(row)}
        for row in rows
    ]


@blueprint.get("/demands", summary=_("需求公告列表"))
@blueprint.asks(DemandsQuery)
@blueprint.gives(list_of(DemandSchema))
@guard(public=True)
def listed(query: dict[str, Any]) -> Any:
    """The nearest deadline first."""
    rows, total = sourcing.posted(**query)
    return page_of(named(rows), total, query)


@blueprint.get("/demands/<uuid:demand_id>", summary=_("需求公告"))
@blueprint.gives(DemandOpenedSchema)
@guard(public=True)
def one(demand_id: UUID) -> Any:
    """What is wanted by whom; no person and no address."""
    row = sourcing.one_posted(demand_id)
    parties = sourcing.parties_of(row.id)
    agencies = identity.named({party.agency_id for party in parties})
    return named([row])[0] | {
        "lines": lines_of(row, sourcing.wants_of(row.id)),
        "parties": [
            {
                "agency_id": party.agency_id,
                "agency_name": agencies[party.agency_id].name,
                "division": agencies[party.agency_id].division,
            }
            for party in parties
        ],
    }


@blueprint.post("/demands/<uuid:demand_id>/join", summary=_("参加联合采购"))
@blueprint.takes(JoinSchema)
@blueprint.gives(RequestOpenedSchema)
@guard("requisition.edit")
def join(data: dict[str, Any], demand_id: UUID) -> Any:
    """With the agency's own quantities and place, until joining ends; joining again replaces them."""
    return request_opened(sourcing.join(actor(), demand_id, **data))


@blueprint.post("/demands/<uuid:demand_id>/leave", summary=_("退出联合采购"))
@blueprint.gives(DemandSchema)
@guard("requisition.edit")
def leave(demand_id: UUID) -> Any:
    return named([sourcing.leave(actor(), demand_id)])[0]
