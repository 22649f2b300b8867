"""An agency's pages: home, bulk orders from filling to approval, orders, acceptance, bills, quota plan."""

from flask import Blueprint

blueprint = Blueprint("buyer", __name__)

from .. import after as _after  # noqa: E402  its views hang on this blueprint too
from .. import confirmations as _confirmations  # noqa: E402  its views hang on this blueprint too
from . import (  # noqa: E402, F401
    acceptance,
    approval,
    bills,
    builder,
    counters,
    delivery_plan,
    home,
    line_sheets,
    money,
    orders,
    pay,
    plan,
    plan_filing,
    requisitions,
    sourcing,
    sourcing_frameworks,
    standing,
    substitutes,
    welfare,
)

_confirmations.hang(blueprint)
_after.hang(blueprint)
