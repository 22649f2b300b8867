"""Findings of an office's division."""

from typing import Any

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..findings import services as findings
from ..findings.schemas import FindingSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("findings", _("疑点"))
NEWEST = 1000


@blueprint.get("/findings", summary=_("疑点列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(FindingSchema))
@guard("finding.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first, the newest thousand."""
    return cut(findings.listed(actor(), NEWEST), query)
