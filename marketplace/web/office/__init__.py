"""Pages of offices, auditors and the platform: what was sold, who received what, what is wrong.

`asking` reads the volume report's question from the URL; `words` names kinds and dimensions; the others are pages.
"""

from typing import Any

from flask import Blueprint

from ...edge import current
from ...households.rules import masked

blueprint = Blueprint("office", __name__)


@blueprint.context_processor
def _names() -> dict[str, Any]:
    return {"shown_name": shown_name}


def shown_name(household: Any) -> str:
    """The head's name for an office of the place that keeps its households; for everybody else masked."""
    actor = current.known()
    own = actor.kind == "office" and actor.may("household.read")
    lies = any(
        code.startswith(actor.scope.division or "-") for code in (household.present_division, household.division)
    )
    return str(household.head_name) if own and lies else masked(household.head_name)


from .. import after as _after  # noqa: E402  its views hang on this blueprint too
from .. import confirmations as _confirmations  # noqa: E402  its views hang on this blueprint too
from .. import people as _people  # noqa: E402  its views hang on this blueprint too
from . import (  # noqa: E402, F401  the modules need the blueprint
    disputes,
    findings,
    grants,
    home,
    households,
    ledger,
    notices,
    orders,
    owing,
    periods,
    plans,
    quota,
    registry,
    statements,
    suppliers,
    trail,
    verification,
    volume,
)

_people.hang(blueprint)
_after.hang(blueprint)
_confirmations.hang(blueprint)
