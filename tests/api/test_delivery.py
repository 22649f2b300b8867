"""A delivery through the API: the notice, the draft, the scale and the checklist, two signatures, crates."""

from typing import Any

import pytest

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.procurement import services as procurement
from tests.api.callers import Caller
from tests.factories.world import World, actor

TODAY = clock.today().isoformat()


@pytest.fixture
def sent(world: World, people: dict[str, Caller]) -> dict[str, Any]:
    """A shipment of 200 千克 in twenty baskets, sent through the API."""
    with transaction():
        lot = world.lot()
        [order] = world.approved(200_000)
        procurement.confirm(world.manager, order)
        line = procurement.lines_of([order])[order][0].id
    part = {"order_line_id": str(line), "lot_id": str(lot), "quantity": "200.000"}
    return people["clerk"].post(
        f"orders/{order}/shipments",
        {
            "parts": [part | {"packages": 20, "gross": "214.000", "net": "200.000"}],
            "expected_on": TODAY,
            "window": "6:30–7:30",
            "carrier": "县域共配",
            "plate": "湘B12345",
            "temperature": "-1.5",
            "crates": [{"kind": "basket", "count": 20, "deposit_fen": 3000}],
        },
    )


def count(sent: dict[str, Any], **found: Any) -> dict[str, Any]:
    return {"shipment_line_id": sent["lines"][0]["id"], "accepted": "200.000", **found}


def codes(caller: Caller, path: str, body: Any, status: int = 422) -> list[str]:
    answer = caller("POST", path, body)
    assert answer.status_code == status, answer.text
    return [part["code"] for part in answer.json.get("errors", [])] or [answer.json["code"]]


def test_a_notice_is_read_as_it_was_written_and_can_be_changed_and_taken_back(world, people, sent):
    shown = people["receiver"].get(f"shipments/{sent['id']}")
    assert (shown["temperature"], shown["plate"], shown["window"]) == ("-1.5", "湘B12345", "6:30–7:30")
    assert shown["lines"][0]["packages"] == 20
    later = people["clerk"].post(f"shipments/{sent['id']}/notice", {"expected_on": TODAY, "plate": "湘B1"})
    assert later["plate"] == "湘B1"
    assert codes(people["clerk"], f"shipments/{sent['id']}/notice", {"expected_on": TODAY, "temperature": "热"}) == [
        "not_a_temperature"
    ]
    assert people["clerk"].post(f"shipments/{sent['id']}/cancel", {"reason": "装错"})["state"] == "cancelled"
    assert codes(people["receiver"], f"shipments/{sent['id']}/acceptance", {"lines": [count(sent)]}, 409) == [
        "wrong_state"
    ]


def test_a_draft_is_saved_over_its_version_and_no_other(people, sent):
    path = f"shipments/{sent['id']}/draft"
    assert people["receiver"].get(path)["version"] == 0
    assert people["receiver"].post(path, {"version": 0, "fields": {"lines.0.accepted": "198"}})["version"] == 1
    assert people["receiver"].get(path)["fields"] == {"lines.0.accepted": "198"}
    assert codes(people["receiver"], path, {"version": 0, "fields": {}}, 409) == ["draft_changed"]


def test_what_the_scale_and_the_checklist_say_is_kept_and_two_sign(world, people, caller, sent):
    line = sent["lines"][0]["id"]
    path = f"shipments/{sent['id']}/acceptance"
    papers = [{"shipment_line_id": line, "kind": "conformity", "valid_until": TODAY}]
    found = count(sent, temperature="6.1", sensory="good", quick_test="pass", best_before=TODAY, packages=20)
    scales = [{"shipment_line_id": line, "gross": "105.000", "tare": "5.000"}] * 2
    assert codes(people["receiver"], path, {"lines": [found], "checklist": True}) == ["papers_not_seen"]
    wrong = [{"shipment_line_id": line, "gross": "5.000", "tare": "5.000"}]
    assert codes(people["receiver"], path, {"lines": [found], "scales": wrong}) == ["crate_tare_above_gross"]
    stray = [scales[0] | {"shipment_line_id": str(world.offer)}]
    assert codes(people["receiver"], path, {"lines": [found], "scales": stray}) == ["not_an_id"]
    row = people["receiver"].post(path, {"lines": [found], "scales": scales, "papers": papers, "checklist": True})
    assert (row["state"], row["bill_id"], row["lines"][0]["temperature"]) == ("signing", None, "6.1")
    [kept] = people["manager"].get(f"acceptances/{row['id']}/evidence")["items"]
    assert [entry["net"] for entry in kept["scales"]] == ["100.000", "100.000"]
    assert kept["papers"][0]["number"] == "HGZ-001"
    assert codes(people["receiver"], f"acceptances/{row['id']}/signature", None) == ["second_is_first"]
    with transaction():
        second = actor(world.receiver.organisation, {"receiver"})
    assert caller(second).post(f"acceptances/{row['id']}/signature")["bill_id"]


def test_crates_are_brought_back_through_the_api(world, people, sent):
    people["receiver"].post(f"shipments/{sent['id']}/acceptance", {"lines": [count(sent)], "witness": "周立新"})
    [held] = people["receiver"].get("crates")["items"]
    assert (held["count"], held["deposit_fen"]) == (20, 3000)
    body = {"agency_id": held["agency_id"], "crates": [{"balance_id": held["id"], "count": 21}]}
    assert codes(people["clerk"], "crates/returns", body) == ["crates_beyond_held"]
    body["crates"][0]["count"] = 20
    assert people["clerk"]("POST", "crates/returns", body).status_code == 204
    assert people["clerk"].get("crates")["items"][0]["count"] == 0
