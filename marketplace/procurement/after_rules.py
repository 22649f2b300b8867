"""Pure rules after delivery: transitions, reasons, days that a place may set otherwise, and which office decides."""

from ..core.states import States

RETURN = States(
    "return",
    {
        "agree": ({"asked"}, "agreed"),
        "refuse": ({"asked"}, "refused"),
        "uphold": ({"asked", "refused"}, "agreed"),  # an office decided for the buyer
        "withdraw": ({"asked", "agreed"}, "withdrawn"),
        "send_back": ({"agreed"}, "sent_back"),
        # Who fetches the goods himself, or has them destroyed where they are, is sent nothing.
        "receive": ({"agreed", "sent_back"}, "received"),
        "finish": ({"received"}, "done"),
    },
)
RETURN_OPEN = ("asked", "agreed", "sent_back", "received")
RETURN_REASONS = ("damaged", "quality", "wrong", "papers", "recalled", "other")

DISPUTE = States(
    "order_dispute",
    {
        "answer": ({"raised"}, "answered"),
        # Undecided for want of an answer: who stays silent does not keep the office from deciding.
        "uphold": ({"raised", "answered"}, "upheld"),
        "dismiss": ({"raised", "answered"}, "dismissed"),
        "withdraw": ({"raised", "answered"}, "withdrawn"),
    },
)
DISPUTE_OPEN = ("raised", "answered")
ABOUT = ("order", "shipment", "acceptance", "bill", "return")
REMEDIES = ("return", "none")

RECALL = States("recall", {"end": ({"open"}, "ended")})
HAZARDS = ("safety", "residue", "label", "quality", "other")
INSTRUCTIONS = ("stop", "return", "destroy")

# Days where no place says otherwise (AfterTerm).
TERMS = {
    "return_ask": 7,
    "return_damaged": 1,  # damage is seen within a day
    "return_answer": 2,
    "dispute_answer": 3,
    "dispute_decide": 10,
    "review_edit": 7,
}
LEVELS = (6, 4, 2)  # prefixes of county, prefecture, province


def decides_in(supplier: str, agency: str) -> str:
    """The division whose office decides between two sides: their common county, prefecture or province.

    Without any in common it is the supplier's county, which the goods came from.
    """
    common = (supplier[:length] for length in LEVELS if supplier[:length] == agency[:length])
    return next(common, supplier[:6])


def above(prefix: str) -> str:
    """The next division up that has an office over it; the province stays the last."""
    return next((prefix[:length] for length in LEVELS if length < len(prefix)), prefix)
