"""The supplier's pages: what must be shipped, and what is owed to the households behind it.

Split by noun; each module hangs its views on the one blueprint.
"""

from typing import Any

from flask import Blueprint

from . import words

blueprint = Blueprint("supplier", __name__)


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {"words": words}


from . import (  # noqa: E402, F401  the modules need the blueprint
    agreements,
    bills,
    consents,
    distributions,
    files,
    goods,
    home,
    households,
    lots,
    offers,
    orders,
    returns,
    shipping,
    slips,
    weighing,
)
