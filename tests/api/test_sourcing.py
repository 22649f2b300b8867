"""Finding the offer through the API: asked, answered under seal, compared, awarded; a framework signed and called off."""

import re
from datetime import timedelta

import pytest

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.sourcing import services as sourcing
from tests.factories import world as factory
from tests.sourcing.asking import Market, after, after_deadline


@pytest.fixture
def market(app):
    with transaction():
        return Market.build()


@pytest.fixture
def who(market, caller):
    """The market's people: the agency's, each seller's manager, the public."""
    world = market.world
    people = {"requester": world.requester, "approver": world.approver, "public": None}
    people |= {f"seller{place}": one.actor for place, one in enumerate(market.sellers)}
    return {name: caller(actor) for name, actor in people.items()}


def body(market, **changes):
    today = clock.today()
    line = {
        "category_code": "peach",
        "name": "黄桃",
        "unit": "千克",
        "quantity": "100.000",
        "from_day": (today + timedelta(days=10)).isoformat(),
        "until_day": (today + timedelta(days=12)).isoformat(),
    }
    values = {
        "title": "十二月水果",
        "answer_on": (today + timedelta(days=5)).isoformat(),
        "until_day": (today + timedelta(days=60)).isoformat(),
        "contact": "陈老师",
        "supplier_ids": [str(one.id) for one in market.sellers],
        "lines": [line],
    }
    return values | changes


def quote(market, who, request, place, price_fen, most="100.000"):
    line = request["lines"][0]["id"]
    answer = {"line_id": line, "offer_id": str(market.sellers[place].offer), "price_fen": price_fen, "most": most}
    valid = (clock.today() + timedelta(days=30)).isoformat()
    return who[f"seller{place}"].post(
        f"rfqs/{request['id']}/quotation", {"lines": [answer], "valid_until": valid, "note": "SEALED-CANARY"}
    )


def test_a_request_is_written_opened_answered_compared_and_awarded(market, who):
    draft = who["requester"].post("rfqs", body(market))
    changed = who["requester"].change("PUT", f"rfqs/{draft['id']}", body(market, title="改过的"), draft["version"])
    assert (changed["title"], changed["state"], len(changed["lines"])) == ("改过的", "draft", 1)
    who["seller0"].refused("GET", f"rfqs/{draft['id']}", status=404)
    request = who["requester"].post(f"rfqs/{draft['id']}/open")
    quotations = [quote(market, who, request, 0, 1000), quote(market, who, request, 2, 4500, "40.000")]
    with after_deadline():
        found = who["approver"].get(f"rfqs/{request['id']}/comparison")
        [line] = found["lines"]
        assert [(one["comparable_fen"], one["first"]) for one in line["answers"]] == [
            (900, "40.000"),
            (1000, "60.000"),
        ]
        parts = [
            {"line_id": line["line_id"], "quotation_id": one["quotation_id"], "quantity": one["first"]}
            for one in line["answers"]
        ]
        assert who["requester"]("POST", f"rfqs/{request['id']}/award", {"parts": parts}).status_code == 403
        with transaction():
            assert sourcing.close_due() == 1
        awarded = who["approver"].change("POST", f"rfqs/{request['id']}/award", {"parts": parts}, request["version"])
        assert awarded["state"] == "awarded"
        assert {one["quantity"] for one in awarded["awards"]} == {"40.000", "60.000"}
        drafted = who["requester"].get(f"requisitions/{awarded['parties'][0]['requisition_id']}")
        assert {line["price_fen"] for line in drafted["lines"]} == {1000, 4500}
        assert who["seller0"].get(f"quotations/{quotations[0]['id']}")["state"] == "awarded"
        assert len(who["seller0"].get(f"rfqs/{request['id']}")["awards"]) == 1
        won = {"supplier_id": str(market.sellers[0].id)}
        framework = who["requester"].post(f"rfqs/{request['id']}/framework", won)
        assert (framework["state"], framework["request_id"]) == ("draft", request["id"])
        assert [(line["price_fen"], line["ceiling"]) for line in framework["lines"]] == [(1000, "60.000")]
        assert who["requester"]("POST", f"rfqs/{request['id']}/framework", won).status_code == 409
        assert who["seller0"]("POST", f"rfqs/{request['id']}/framework", won).status_code == 403
        assert who["approver"]("POST", f"rfqs/{request['id']}/award", {"parts": parts}).status_code == 409


def test_whom_to_ask_is_found_by_name_county_and_what_they_sell(market, who):
    """Red when one that nobody can sign in for is found: it would never answer."""
    with transaction():
        silent = identity.add_organisation(
            SYSTEM, "supplier", "无人合作社", factory.YANLING, supplier_kind="cooperative"
        )
        silent = silent.name

    def found(**query):
        rows = who["requester"].get("rfqs/suppliers", query_string=query)
        assert rows["total"] == len(rows["items"])
        return {row["name"] for row in rows["items"]}

    everybody = found()
    assert len(everybody) == 3
    assert silent not in everybody
    assert found(words="果业") == {"茶陵县果业合作社"}
    assert found(county=factory.CHALING) == {"茶陵县果业合作社"}
    assert found(category_code="fruit") == found(category_code="peach") == everybody
    assert found(category_code="ginger") == set()
    assert who["seller0"]("GET", "rfqs/suppliers").status_code == 403
    assert who["requester"]("GET", "rfqs/suppliers", query_string={"county": "999999000000"}).status_code == 404


def test_the_same_award_sent_twice_under_one_key_is_one(market, who):
    request = who["requester"].post("rfqs", body(market))
    request = who["requester"].post(f"rfqs/{request['id']}/open")
    quotation = quote(market, who, request, 0, 1000)
    part = {"line_id": request["lines"][0]["id"], "quotation_id": quotation["id"], "quantity": "100.000"}
    with after_deadline():
        answers = [
            who["approver"](
                "POST",
                f"rfqs/{request['id']}/award",
                {"parts": [part]},
                headers={"Idempotency-Key": "one intent"},
            )
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].data == answers[1].data
        assert who["requester"].get("requisitions")["total"] == 1


def test_no_page_and_no_answer_shows_a_quotation_before_the_deadline(app, market, who):
    """The whole map that the buyer and another supplier can open, before and after. Red when any of them unseals."""
    request = who["requester"].post("rfqs", body(market))
    request = who["requester"].post(f"rfqs/{request['id']}/open")
    with clock.fixed(clock.now()):  # every page tells the minute that it was made
        before = {name: opened(app, caller, request) for name, caller in who.items()}
        quotation = quote(market, who, request, 0, 987)
        for name in ("requester", "approver", "seller1", "public"):
            assert before[name] == opened(app, who[name], request), name
            assert who[name]("GET", f"quotations/{quotation['id']}").status_code in (401, 404)
    assert who["requester"].get(f"rfqs/{request['id']}/comparison") == {"sealed": True, "lines": []}
    with after_deadline():
        found = who["requester"].get(f"rfqs/{request['id']}/comparison")
        assert found["lines"][0]["answers"][0]["price_fen"] == 987
        assert who["seller1"].get(f"rfqs/{request['id']}/comparison") == {"sealed": True, "lines": []}


def opened(app, caller, request) -> dict[str, tuple[int, str]]:
    """What a caller gets from every GET of sourcing, API and pages, without what changes by itself."""
    found = {}
    for rule in app.url_map.iter_rules():
        named = rule.arguments <= {"request_id"} and "GET" in (rule.methods or ())
        if named and any(word in rule.rule for word in ("rfqs", "quotations", "demands", "sourcing", "buyer/orders")):
            path = rule.rule.replace("<uuid:request_id>", request["id"])
            answer = caller("GET", path)
            found[path] = (answer.status_code, stripped(answer.text))
    assert len(found) > 4
    return found


def stripped(text: str) -> str:
    """Without what is new in every answer: its id, its nonce, its tokens and keys."""
    text = re.sub(r'"instance":"[^"]*"|nonce="[^"]*"', "", text)
    return re.sub(r"<(input|meta)[^>]*(csrf|_key)[^>]*>", "", text)


def test_posted_demand_is_public_without_persons_and_addresses_and_others_join(market, who, caller):
    with transaction():
        joiner, _ = market.agency("思聪小学")
    joining = caller(joiner)
    join_on = (clock.today() + timedelta(days=2)).isoformat()
    draft = who["requester"].post("rfqs", body(market, kind="demand", join_on=join_on))
    who["public"].refused("GET", f"demands/{draft['id']}", status=404)
    who["requester"].post(f"rfqs/{draft['id']}/open")
    shown = who["public"]("GET", f"demands/{draft['id']}")
    assert shown.status_code == 200
    assert "陈老师" not in shown.text
    assert "云阳街道" not in shown.text
    assert who["public"].get("demands")["total"] == 1
    want = {"line_id": draft["lines"][0]["id"], "quantity": "50.000"}
    joined = joining.post(f"demands/{draft['id']}/join", {"lines": [want]})
    assert [line["quantity"] for line in joined["lines"]] == ["150.000"]
    joining.post(f"demands/{draft['id']}/leave")
    with after(3):
        joining.refused("POST", f"demands/{draft['id']}/join", {"lines": [want]}, status=409)


def test_a_framework_is_written_proposed_signed_called_off_amended_and_ended(market, who):
    today = clock.today()
    line = {"offer_id": str(market.sellers[0].offer), "price_fen": 1050, "ceiling": "100.000"}
    written = {
        "supplier_id": str(market.sellers[0].id),
        "title": "水果框架协议",
        "from_day": today.isoformat(),
        "until_day": (today + timedelta(days=90)).isoformat(),
        "lines": [line],
    }
    draft = who["requester"].post("frameworks", written)
    who["seller0"].refused("GET", f"frameworks/{draft['id']}", status=404)
    path = f"frameworks/{draft['id']}"
    assert who["requester"]("POST", f"{path}/propose").status_code == 403
    who["approver"].post(f"{path}/propose")
    who["seller1"].refused("POST", f"{path}/sign", status=404)
    signed = who["seller0"].post(f"{path}/sign")
    assert (signed["state"], signed["drawn"][0]["used"], signed["drawn"][0]["ceiling"]) == (
        "in_force",
        "0.000",
        "100.000",
    )
    called = {"lines": [{"offer_id": line["offer_id"], "quantity": "20.000"}]}
    order = who["requester"].post(f"{path}/call-off", called)
    assert [one["price_fen"] for one in order["lines"]] == [1050]
    amended = who["requester"].post(f"{path}/amend")
    assert (amended["previous_id"], amended["state"]) == (draft["id"], "draft")
    who["requester"].post(f"frameworks/{amended['id']}/withdraw")
    who["approver"].refused("POST", f"{path}/end", {"reason": ""})
    assert who["approver"].post(f"{path}/end", {"reason": "质量不稳定"})["state"] == "ended"
    who["requester"].refused("POST", f"{path}/call-off", called, status=409)
