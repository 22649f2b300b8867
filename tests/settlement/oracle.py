"""What the ledger should hold, worked out again from order data alone, slowly and another way.

It reads acceptance lines, lots, slips, late costs and agreements by plain SQL and uses Fractions; it shares no code with
the rooms. A lot's supplement and each of its late costs have an account beside the agreement's.
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
        row["lot_id"]: row["fen"]
        for row in rows("SELECT lot_id, sum(payable_fen + deduction_fen) AS fen FROM slip GROUP BY lot_id")
    }
    revisions = rows("SELECT id, lot_id, fen, recorded_at AS at FROM lot_revision ORDER BY id")
    agreements = rows("SELECT * FROM agreement WHERE state = 'in_force' ORDER BY service_order, id")
    posted: dict[str, int] = {}
    sold: dict[str, Fraction] = {}
    found = {}
    returns = rows(
        "SELECT r.id, r.acceptance_line_id AS line, r.quantity, r.net, r.recorded_at AS at, r.credited, a.accepted, a.money_fen, "
        "a.net AS whole_net, a.lot_id, o.content, o.pricing FROM goods_return r "
        "JOIN acceptance_line a ON a.id = r.acceptance_line_id JOIN order_line o ON o.id = a.order_line_id"
    )
    actual = posted_kind("reversal", "debit_id")
    back: dict[str, list] = {}  # line → order units, net weight, fen and shares that came back so far
    sales = rows(
        "SELECT s.id, s.money_fen, a.money_fen AS whole_fen, s.lot_id, s.product_id, a.accepted, a.net, o.content, o.pricing, "
        "a.acceptance_id AS acceptance, a.no FROM settled_line s "
        "JOIN acceptance_line a ON a.id = s.id JOIN order_line o ON o.id = a.order_line_id "
        "WHERE s.reverses_id IS NULL"
    )
    # When a line settled is all that is asked of the ledger: a transfer, a credit or a return may have been the last.
    moments = {
        key_of(row["source"]): row["at"] for row in rows("SELECT source, at FROM journal WHERE kind = 'settled_line'")
    }
    for row in sales:
        row["at"] = moments[key_of(row["id"])]
    events = [(row["at"], 0, str(row["acceptance"]), row["no"], row) for row in sales]
    events += [(row["at"], -1 if row["credited"] else 1, str(row["id"]), 0, row) for row in returns]
    for _, is_return, _, _, line in sorted(events, key=lambda event: event[:4]):
        if is_return and line["credited"]:
            before_settling(line, back)
            continue
        if is_return:
            agreement = str(lots[line["lot_id"]]["agreement_id"])
            shares = came_back(line, found[key_of(line["line"])], actual.get(key_of(line["id"]), {}), back)
            posted[line["lot_id"]] = posted.get(line["lot_id"], 0) - shares.get(agreement, 0)
            for revision in revisions:
                posted[revision["id"]] = posted.get(revision["id"], 0) - shares.get(
                    f"{agreement}:{key_of(revision['id'])}", 0
                )
            if line["lot_id"] in sold:
                before, after = back[key_of(line["line"])][4:]
                sold[line["lot_id"]] -= after - before
            if shares:
                found[key_of(line["id"])] = {account: -share for account, share in shares.items()}
            continue
        gone = back.get(key_of(line["id"]), [0, 0, 0, {}, 0, 0])  # before it settled
        line |= {"accepted": line["accepted"] - gone[0], "net": line["net"] - gone[1], "gone": gone[5]}
        assert line["money_fen"] == line["whole_fen"] - gone[2], line
        left = line["money_fen"]
        shares: dict[str, int] = {}
        lot = lots[line["lot_id"]]
        for agreement in agreements:
            of_line = agreement["product_id"] in (None, line["product_id"])
            priced = line["accepted"] if line["pricing"] == "counted" else line["net"]
            if agreement["kind"] == "produce":
                if agreement["id"] != lot["agreement_id"]:
                    continue
                key = lot["id"]
                units = half_up(Fraction((line["accepted"] + gone[0]) * line["content"], 1000)) - line["gone"]
                sold[key] = sold.get(key, Fraction(0)) + units
                share = Fraction(min(sold[key], lot["size"])) / lot["size"]
                traced = 0
                of_lot = [(key, str(agreement["id"]), cost.get(key, 0))]
                of_lot += [
                    (row["id"], f"{agreement['id']}:{key_of(row['id'])}", row["fen"])
                    for row in revisions
                    if row["lot_id"] == key and row["at"] <= line["at"]
                ]
                for source, account, whole in of_lot:
                    claim = min(left, max(0, half_up(whole * share) - posted.get(source, 0)))
                    posted[source] = posted.get(source, 0) + claim
                    traced, left = traced + claim, left - claim
                    if claim:
                        shares[account] = claim
                if agreement["basis"] == "floor_plus":
                    above = max(0, line["money_fen"] - traced)
                    claim = min(left, half_up(Fraction(above * agreement["rate_basis_points"], 10_000)))
                    left -= claim
                    if claim:
                        shares[f"{agreement['id']}:supplement"] = claim
                continue
            if agreement["kind"] == "dividend" and of_line:
                claim = min(left, half_up(Fraction(line["money_fen"] * agreement["rate_basis_points"], 10_000)))
            elif of_line and (agreement["kind"] == "premium" or agreement["sale_tied"]):
                claim = min(left, half_up(Fraction(priced * agreement["rate_fen"], 1000)))
            else:
                continue
            if claim:
                shares[str(agreement["id"])] = claim
            left -= claim
        if left:
            shares["remainder"] = left
        found[key_of(line["id"])] = shares
    return found


def before_settling(line: dict, back: dict[str, list]) -> None:
    """What came back before its line settled: its money and goods leave the line, cumulative, and nothing is posted."""
    quantity, net, _, so_far, _, units = back.get(key_of(line["line"]), [0, 0, 0, {}, 0, 0])
    quantity, net = quantity + line["quantity"], net + line["net"]
    part, whole = (net, line["whole_net"]) if line["pricing"] == "weighed" else (quantity, line["accepted"])
    total = half_up(Fraction(line["money_fen"] * part, whole))
    sold = half_up(Fraction(quantity * line["content"], 1000))
    back[key_of(line["line"])] = [quantity, net, total, so_far, units, sold]


def came_back(line: dict, sale: dict[str, int], actual: dict[str, int], back: dict[str, list]) -> dict[str, int]:
    """A return's shares: its money worked out here, its split as the ledger has it, held against what a split may be.

    Cumulative money is rounded half up; no share strays a fen and a half from its proportion, and with all goods back
    each share is exactly the sale's.
    """
    name = key_of(line["line"])
    quantity, net, fen, so_far, _, sold = back.get(name, [0, 0, 0, {}, 0, 0])
    settled = sum(sale.values())
    gone = line["money_fen"] - settled  # before the line settled
    quantity, net = quantity + line["quantity"], net + line["net"]
    part, whole = (net, line["whole_net"]) if line["pricing"] == "weighed" else (quantity, line["accepted"])
    total = half_up(Fraction(line["money_fen"] * part, whole))
    assert sum(actual.values()) == total - fen, (line, actual)
    so_far = {account: so_far.get(account, 0) + actual.get(account, 0) for account in sale}
    for account, share in sale.items():
        assert abs(so_far[account] - Fraction(share * (total - gone), settled)) < Fraction(3, 2), (line, account)
        assert so_far[account] == share or quantity < line["accepted"], (line, account)
    back[name] = [quantity, net, total, so_far, sold, half_up(Fraction(quantity * line["content"], 1000))]
    return dict(actual)


def key_of(id_: object) -> str:
    return str(id_).replace("-", "")


def posted() -> dict[str, dict[str, int]]:
    """The same, as the ledger holds it: sales as they were credited, reversals below zero."""
    found = posted_kind("settled_line", "credit_id")
    for source, shares in posted_kind("reversal", "debit_id").items():
        found[source] = {account: -share for account, share in shares.items()}
    return found


def posted_kind(kind: str, side: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows(
        "SELECT j.source AS source, a.kind AS kind, p.agreement_id AS agreement, p.kind AS pool, p.source_id AS of, "
        "e.amount AS fen FROM journal j "
        f"JOIN entry e ON e.journal_id = j.id JOIN account a ON a.id = e.{side} "
        "LEFT JOIN pool p ON p.id = a.owner_id WHERE j.kind = :kind",
        kind=kind,
    ):
        key = "remainder" if row["kind"] == "remainder" else str(row["agreement"])
        if row["pool"] in ("supplement", "revision"):
            key += f":{row['pool'] if row['pool'] == 'supplement' else key_of(row['of'])}"
        shares = found.setdefault(key_of(row["source"]), {})
        shares[key] = shares.get(key, 0) + row["fen"]
    return found
