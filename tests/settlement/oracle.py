"""What the ledger should hold, worked out again from order data alone, slowly and another way.

It reads acceptance lines, lots, slips and agreements by plain SQL and uses Fractions; it shares no code with the rooms.
Shares of one line: lot produce first by its agreement's order of service, then dividends and premiums, each as far as
the line's money goes; a lot has posted round-half-up(cost × sold ÷ size) less what it posted before.
"""

from decimal import Decimal
from fractions import Fraction
from math import floor

from sqlalchemy import text

from marketplace.core.db import db


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def rows(sql: str, **values: object) -> list:
    return [
        {name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()}
        for row in db.session.execute(text(sql), values).mappings()
    ]


def expected() -> dict[str, dict[str, int]]:
    """Settled line → {account: fen}: 'lot', each agreement's id, 'remainder'. In the order in which they settled."""
    lots = {row["id"]: row for row in rows("SELECT * FROM lot")}
    cost = {
        row["lot_id"]: row["fen"] for row in rows("SELECT lot_id, sum(payable_fen) AS fen FROM slip GROUP BY lot_id")
    }
    agreements = rows("SELECT * FROM agreement WHERE state = 'in_force' ORDER BY service_order, id")
    posted: dict[str, int] = {}
    sold: dict[str, Fraction] = {}
    found = {}
    for line in rows(
        "SELECT s.id, s.money_fen, s.lot_id, s.product_id, a.accepted, a.net, o.content, o.pricing FROM settled_line s "
        "JOIN acceptance_line a ON a.id = s.id JOIN order_line o ON o.id = a.order_line_id "
        "JOIN bill b ON b.id = s.bill_id JOIN transfer t ON t.bill_id = b.id AND t.state = 'confirmed' "
        "ORDER BY t.answered_at, t.id, a.no"
    ):
        left = line["money_fen"]
        shares: dict[str, int] = {}
        lot = lots[line["lot_id"]]
        for agreement in agreements:
            if agreement["kind"] == "produce":
                if agreement["id"] != lot["agreement_id"]:
                    continue
                key = lot["id"]
                sold[key] = sold.get(key, Fraction(0)) + half_up(Fraction(line["accepted"] * line["content"], 1000))
                share = Fraction(min(sold[key], lot["size"])) / lot["size"]
                claim = max(0, half_up(cost.get(key, 0) * share) - posted.get(key, 0))
                claim = min(claim, left)
                posted[key] = posted.get(key, 0) + claim
            elif agreement["kind"] == "dividend":
                claim = min(left, half_up(Fraction(line["money_fen"] * agreement["rate_basis_points"], 10_000)))
            else:
                priced = line["accepted"] if line["pricing"] == "counted" else line["net"]
                claim = min(left, half_up(Fraction(priced * agreement["rate_fen"], 1000)))
            if claim:
                shares[str(agreement["id"])] = claim
            left -= claim
        if left:
            shares["remainder"] = left
        found[str(line["id"]).replace("-", "")] = shares
    return found


def posted() -> dict[str, dict[str, int]]:
    """The same, as the ledger holds it."""
    found: dict[str, dict[str, int]] = {}
    for row in rows(
        "SELECT j.source AS source, a.kind AS kind, p.agreement_id AS agreement, e.amount AS fen FROM journal j "
        "JOIN entry e ON e.journal_id = j.id JOIN account a ON a.id = e.credit_id "
        "LEFT JOIN pool p ON p.id = a.owner_id WHERE j.kind = 'settled_line'"
    ):
        key = "remainder" if row["kind"] == "remainder" else str(row["agreement"])
        shares = found.setdefault(row["source"].replace("-", ""), {})
        shares[key] = shares.get(key, 0) + row["fen"]
    return found
