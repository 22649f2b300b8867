"""What everybody may see: home, catalogue, product, comparison, suppliers, the eligibility list.

These pages are hot: what changes rarely is remembered for seconds (`remembered`), price, stock and state are asked anew.
"""

from flask import Blueprint

blueprint = Blueprint("public", __name__)

from . import (  # noqa: E402, F401
    catalogue,
    compare,
    demands,
    discipline,
    home,
    notices,
    product,
    recalls,
    statement,
    stripe_webhook,
    suppliers,
)
