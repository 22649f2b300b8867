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


from .. import after as _after  # noqa: E402  its views hang on this blueprint too
from .. import confirmations as _confirmations  # noqa: E402  its views hang on this blueprint too
from .. import people as _people  # noqa: E402  its views hang on this blueprint too
from . import (  # noqa: E402, F401  the modules need the blueprint
    advances,
    agreements,
    bank_files,
    bank_statements,
    bills,
    consents,
    disputes,
    distributions,
    files,
    flows,
    goods,
    home,
    households,
    interest,
    invoices,
    lots,
    money,
    objections,
    offers,
    orders,
    owing,
    pay_lists,
    payouts,
    returns,
    shipping,
    slips,
    sourcing,
    stripe_account,
    substitutes,
    surplus,
    weighing,
)

_people.hang(blueprint)
_confirmations.hang(blueprint)
_after.hang(blueprint)
