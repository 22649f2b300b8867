"""The verifier: starting a run over the whole database, and what runs found."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..reporting import verification
from ..reporting.verification_schemas import RunOpenedSchema, RunSchema, StartRunSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("verification", _("核验"))
HEAD = tuple(RunSchema().fields)
KEPT = 1000  # runs that are listed


@blueprint.get("/verification/runs", summary=_("历次核验"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(RunSchema))
@guard("verify.read")
def listed(query: dict[str, Any]) -> Any:
    """Newest first."""
    return cut(verification.latest(actor(), KEPT), query)


@blueprint.post("/verification/runs", summary=_("开始核验"))
@blueprint.takes(StartRunSchema)
@blueprint.gives(RunSchema, 201)
@guard("verify.run")
def start(data: dict[str, Any]) -> Any:
    """As a job; the run that is under way, if there is one."""
    return verification.begin(actor())


@blueprint.get("/verification/runs/<uuid:run_id>", summary=_("一次核验"))
@blueprint.gives(RunOpenedSchema)
@guard("verify.read")
def one(run_id: UUID) -> Any:
    row = verification.run(actor(), run_id)
    return {name: getattr(row, name) for name in HEAD} | {"results": verification.results(actor(), run_id)}
