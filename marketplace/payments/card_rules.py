"""Pure rules of card payments: who may pay so, for how long a page stays open, and how states go forward."""

from collections.abc import Set
from datetime import timedelta

from ..core.states import States

OPEN_FOR = timedelta(hours=2)  # Stripe takes 30 minutes to 24 hours
GIVE_UP = timedelta(hours=1)  # a row that Stripe never answered for makes room for another

# Whose own money it is: a budget unit pays by transfer through treasury or bank (RULES.md, Quota; 国库集中支付).
AGENCY_KINDS = frozenset({"union", "state_firm"})
COUNTED_AS = frozenset({"union", "employee"})

_LIVE = frozenset({"new", "open", "processing"})
# Money that Stripe says has come is believed whatever we thought before: a page that we gave up was still open there.
PAYMENT = States(
    "card_payment",
    {
        "open": ({"new"}, "open"),
        "process": ({"new", "open"}, "processing"),
        "succeed": (_LIVE | {"failed", "cancelled"}, "succeeded"),
        "fail": (_LIVE, "failed"),
        "cancel": (_LIVE, "cancelled"),
    },
)
# A refund that the bank sends back fails after it succeeded: the money is the supplier's again.
REFUND = States(
    "card_refund",
    {
        "send": ({"new"}, "pending"),
        "succeed": ({"new", "pending"}, "succeeded"),
        "fail": ({"new", "pending", "succeeded"}, "failed"),
        "cancel": ({"new", "pending"}, "cancelled"),
    },
)
PAYMENT_VERBS = {"processing": "process", "succeeded": "succeed", "cancelled": "cancel"}  # Stripe's word → ours
REFUND_VERBS = {"pending": "send", "succeeded": "succeed", "failed": "fail", "cancelled": "cancel"}


def may_pay_by_card(agency_kind: str | None, counted_as: Set[str]) -> bool:
    """A union, a firm, or anybody with nothing but a union's or its employees' own money."""
    return agency_kind in AGENCY_KINDS or (bool(counted_as) and counted_as <= COUNTED_AS)


def forward(states: States, verb: str, state: str) -> str | None:
    """The state that a verb leads to; None where it leads nowhere from here: events come late, twice and in any order."""
    sources, target = states.transitions[verb]
    return target if state in sources else None
