"""The household's side through the API: statement and lines, card and code, disputes to their end, what is owed by place."""

import pytest

from marketplace.attribution import services as attribution
from marketplace.core import clock
from marketplace.core.db import transaction
from tests.factories import people as factory_people
from tests.factories.world import TOWNSHIP, give_payees, scan, start_agreement


@pytest.fixture
def paid(world):
    """A settled line, its dividend distributed and paid."""
    with transaction():
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        bill = world.settled(world.lot())
        give_payees(world, "cash")
        run = attribution.prepare(world.clerk, bill.issued_on, notice_days=0)
        attribution.approve(world.manager, run.id)
        world.extra["payouts"] = {row.household_id: row.id for row in attribution.payouts_of(run.id)}
        attribution.mark_paid(
            world.clerk,
            list(world.extra["payouts"].values()),
            paid_on=clock.today(),
            method="cash",
            evidence="花名册 1",
            file_id=scan(world.clerk),
        )
    return world


def test_a_statement_sums_by_month_and_opens_to_lines_and_their_households(paid, people):
    household = paid.households[0]
    for who in ("office", "manager"):
        found = people[who].get(f"households/{household}/statement")
        for figure in ("attributed_fen", "owed_fen", "received_fen"):
            assert sum(row[figure] for row in found["months"]) == found[figure] > 0
        assert found["sold_fen"] == 240_000
        share = next(row for row in found["pools"] if row["mechanism"] == "dividend")
        assert (share["weight"], share["weights_total"]) == (1, 3)
        assert sum(cut["fen"] for cut in share["cuts"]) == share["fen"]
        lines = people[who].get(f"households/{household}/pools/{share['pool_id']}/lines")["items"]
        assert sum(line["fen"] for line in lines) == share["fen"]
        opened = people[who].get(f"settled-lines/{lines[0]['line_id']}/households")
        for pool in opened["pools"]:
            assert sum(row["fen"] for row in pool["households"]) == pool["pool_fen"]
            assert {row["household_id"] for row in pool["households"]} == {str(one) for one in paid.households}
    people["receiver"].refused("GET", f"settled-lines/{lines[0]['line_id']}/households", status=403)


def test_a_card_is_a_pdf_with_a_new_code_and_is_never_answered_twice(paid, people):
    url = f"households/{paid.households[0]}/card"
    first = people["office"]("POST", url, {}, headers={"Idempotency-Key": "card-1"})
    assert (first.status_code, first.mimetype) == (200, "application/pdf")
    assert first.data.startswith(b"%PDF-")
    assert first.headers["Cache-Control"] == "no-store"
    again = people["office"]("POST", url, {}, headers={"Idempotency-Key": "card-1"})
    assert again.status_code == 204, "the code stands on the one paper only"
    assert people["office"].post(f"households/{paid.households[0]}/link/revoke") == {"revoked": 1}
    people["office"].refused("POST", url, {"year": clock.today().year + 1})
    people["clerk"].refused("POST", url, {}, status=403)


def test_a_dispute_is_raised_answered_decided_and_corrected(paid, people, caller):
    household = paid.households[0]
    with transaction():
        township = caller(factory_people.office(role="office_head"))
        paper = scan(paid.office)
    slip = people["office"].get(f"households/{household}/statement")["slips"][0]["id"]
    body = {"about_kind": "slip", "about_id": slip, "words": "少算 18 斤", "file_id": str(paper)}
    raised = people["office"].post(f"households/{household}/disputes", body)
    assert raised["state"] == "raised"
    people["office"].refused("POST", f"households/{household}/disputes", body, status=409)
    url = f"disputes/{raised['id']}"
    township.refused("POST", f"{url}/decide", {"decision": "uphold", "words": "成立", "remedy": "payment"})
    people["manager"].post(f"{url}/answer", {"words": "磅单无误"})
    people["office"].refused("POST", f"{url}/decide", {"decision": "reject", "words": "自己提的"})
    decided = township.post(f"{url}/decide", {"decision": "uphold", "words": "成立", "remedy": "payment"})
    assert decided["state"] == "upheld"
    foreign = {"kind": "payment", "source_id": str(paid.households[1])}
    people["manager"].refused("POST", f"{url}/correct", foreign)
    corrected = people["manager"].post(f"{url}/correct", {"kind": "payment", "note": "收条 9"})
    assert corrected["corrected_at"]
    assert people["manager"].get("disputes")["total"] == 1
    assert people["office"].get("disputes?state=open")["total"] == 0


def test_an_officer_confirms_for_a_household_with_its_signature(paid, people):
    household = paid.households[0]
    with transaction():
        paper = scan(paid.office)
    body = {"payout_ids": [str(paid.extra["payouts"][household])], "file_id": str(paper)}
    assert people["office"].post(f"households/{household}/confirmations", body) == {"confirmed": 1}
    assert people["office"].post(f"households/{household}/confirmations", body) == {"confirmed": 0}
    other = body | {"payout_ids": [str(paid.extra["payouts"][paid.households[1]])]}
    people["office"].refused("POST", f"households/{household}/confirmations", other, status=404)


def test_what_is_owed_is_listed_by_household_and_by_place(paid, people):
    rows = people["manager"].get("owing/households?only=all")
    assert rows["total"] == 3
    assert all(row["payable_fen"] == row["owed_fen"] - row["received_fen"] > 0 for row in rows["items"])
    for by in ("supplier", "township", "village"):
        found = people["office"].get(f"owing/divisions/{TOWNSHIP}?by={by}")["items"]
        assert sum(row["payable_fen"] for row in found) == sum(row["payable_fen"] for row in rows["items"])
    people["office"].refused("GET", "owing/divisions/110000000000", status=404)
    people["manager"].refused("GET", f"owing/divisions/{TOWNSHIP}", status=404)
    people["office"].refused("GET", "owing/households", status=404)
