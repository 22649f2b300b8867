"""Findings of an office's division."""

from typing import Any

from flask_babel import lazy_gettext as _

from ..core.fields import Text
from ..edge.current import actor
from ..edge.guard import guard
from ..findings import services as findings
from ..findings.schemas import FindingSchema
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("findings", _("疑点"))


class FindingsQuery(PageSchema):
    kind = Text(40, load_default=None, metadata={"example": "above_reference"})


@blueprint.get("/findings", summary=_("疑点列表"))
@blueprint.asks(FindingsQuery)
@blueprint.gives(list_of(FindingSchema))
@guard("finding.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    rows, total = findings.register(actor(), **query)
    return page_of(rows, total, query)
