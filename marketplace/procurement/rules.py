"""Pure rules of orders: states, the order's state from its lines, money of a delivery, what a line still commits."""

from collections.abc import Iterable
from typing import Protocol

from ..core.errors import Refused
from ..core.money import price_of
from ..core.states import States

# Bought by the agency's canteen, or counted to its plan: union funds, a contractor, employees' own money (RULES.md, Quota).
COUNTED_AS = ("canteen", "union", "contractor", "employee")

REQUISITION = States(
    "requisition",
    {
        "edit": ({"draft", "rejected", "withdrawn", "expired"}, "draft"),
        "submit": ({"draft", "rejected", "withdrawn", "expired"}, "submitted"),
        "approve": ({"submitted"}, "approved"),
        "reject": ({"submitted"}, "rejected"),
        "withdraw": ({"submitted", "draft"}, "withdrawn"),
        "expire": ({"submitted"}, "expired"),
    },
)
ORDER = States(
    "order",
    {
        "confirm": ({"to_confirm"}, "to_ship"),
        "decline": ({"to_confirm"}, "declined"),
        "lapse": ({"to_confirm"}, "lapsed"),
        "ship": ({"to_ship", "in_transit", "part_delivered"}, "in_transit"),
        "cancel": ({"to_confirm", "to_ship", "in_transit", "part_delivered"}, "to_ship"),
        "accept": ({"in_transit", "part_delivered", "to_ship"}, "accepted"),
    },
)
SHIPMENT = States(
    "shipment",
    {
        "accept": ({"in_transit"}, "accepted"),
        "deem": ({"in_transit"}, "accepted"),
        "amend": ({"in_transit"}, "in_transit"),
        "cancel": ({"in_transit"}, "cancelled"),
    },
)
ACCEPTANCE = States(
    "acceptance",
    {
        "sign": ({"signing", "deemed"}, "signed"),
        "answer": ({"deemed"}, "deemed"),  # the first of the two who sign what nobody accepted in time
    },
)
SUBSTITUTE = States(
    "substitute",
    {
        "consent": ({"proposed"}, "consented"),
        "refuse": ({"proposed"}, "refused"),
        "withdraw": ({"proposed"}, "withdrawn"),
    },
)
OPEN_STATES = ("to_confirm", "to_ship", "in_transit", "part_delivered")
REJECT_REASONS = ("bruised", "rotten", "off_spec", "temperature", "papers", "quick_test", "short", "late", "recalled")


class Quantities(Protocol):
    ordered: int
    open: int
    in_transit: int
    accepted: int
    rejected: int
    cancelled: int
    credited: int
    settled: int


def order_state(lines: Iterable[Quantities], *, confirmed: bool) -> str:
    """The state that a confirmed or unconfirmed order's quantities amount to."""
    lines = list(lines)
    total = {
        name: sum(getattr(line, name) for line in lines)
        for name in ("ordered", "open", "in_transit", "accepted", "settled", "credited", "cancelled")
    }
    if total["cancelled"] == total["ordered"]:
        return "cancelled"
    if not confirmed:
        return "to_confirm"
    if total["open"] or total["in_transit"]:
        if total["accepted"]:
            return "part_delivered"
        return "in_transit" if total["in_transit"] else "to_ship"
    if not total["accepted"]:
        return "rejected"
    if total["credited"] == total["accepted"]:
        return "returned"
    return "settled" if total["settled"] + total["credited"] == total["accepted"] else "accepted"


def still_committed(line: Quantities, limit_fen: int, held_fen: int, settled_now_fen: int = 0) -> int:
    """Fen of the plan that a line holds after a change of its quantities.

    `limit_fen` is what the whole line may come to at most, `held_fen` what it held before, `settled_now_fen` what
    just settled, or came back before it did: its weight says nothing of the rest's, so only its money is let go until
    the line is done. Never more than the live part of the limit, rounded up, and never more than was held less what
    settled: so committed + settled of a plan does not grow by settling, and enough is left for the rest of the line.
    """
    live = line.ordered - line.cancelled - line.rejected - line.settled
    if live == line.credited:
        return 0
    return max(0, min(-(-limit_fen * live // line.ordered), held_fen - settled_now_fen))


def delivered_money(pricing: str, price_fen: int, *, before: int, added: int) -> int:
    """Cumulative line money: half up of all accepted so far, less what was counted before.

    `before` and `added` are thousandths: of the order unit when counted, of net base weight when weighed.
    """
    return price_of(before + added, price_fen) - price_of(before, price_fen)


def check_net(net: int, nominal: int, tolerance_basis_points: int, row: int) -> None:
    """A weighed line's net lies within its tolerance above nominal. Raises Refused: net_needed, net_beyond_tolerance."""
    if net <= 0:
        raise Refused("net_needed", field="net", row=row)
    most = nominal * (10_000 + tolerance_basis_points) // 10_000
    if net > most:
        raise Refused("net_beyond_tolerance", field="net", row=row, most=most)
