"""Closing by two persons through pages and API, the restated month, and the verifier's page."""

from datetime import date

import pytest

from marketplace.core import clock, jobs
from marketplace.core.db import transaction
from marketplace.identity import tokens
from marketplace.settlement import closing
from marketplace.worker import JOBS
from tests.factories.world import World, actor


@pytest.fixture
def closers(app):
    with clock.fixed(clock.at(date(2026, 9, 20))), transaction():
        world = World.build(families=5)
        world.settled(world.lot(), 200_000)
        maker = actor(world.office.organisation, {"office_clerk"}, "李晓燕")
        checker = actor(world.office.organisation, {"office_head"}, "陈国强")
    with clock.fixed(clock.at(date(2026, 11, 20))):
        yield world, maker, checker


def test_a_month_is_closed_by_two_persons_on_pages(closers, ask):
    _, maker, checker = closers
    page = ask(maker, "/office/periods").text
    assert 'name="through"' in page
    ask(maker, "/office/periods", {"through": "202611"}, status=422)
    ask(maker, "/office/periods", {"through": "202610", "note": "三季度"}, status=303)
    with transaction(write=False):
        row = next(month.closing for month in closing.months(maker) if month.state == "proposed")
    shown = f"/office/periods/closings/{row.id}"
    assert f"{shown}/approve" not in ask(maker, shown).text
    ask(maker, f"{shown}/approve", {}, status=403)
    assert f"{shown}/approve" in ask(checker, shown).text
    ask(checker, f"{shown}/refuse", {"reason": ""}, status=422)
    ask(checker, f"{shown}/approve", {}, status=303)
    ask(checker, f"{shown}/approve", {}, status=409)
    assert "2,400.00" in ask(checker, shown).text
    assert "2,400.00" in ask(maker, "/office/periods/202609").text
    for by in ("supplier", "agency", "category", "channel"):
        assert "2,400.00" in ask(maker, f"/office/periods/202609?by={by}").text


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/office/periods/13", 422),
        ("/office/periods/99999999999", 422),
        ("/office/periods/202609?by=x", 422),
        ("/office/periods?division=x", 422),
        ("/office/periods?division=11", 404),
        ("/office/periods/closings/00000000-0000-0000-0000-000000000000", 404),
        ("/office/verification?run=x", 404),
        ("/office/verification?run=00000000-0000-0000-0000-000000000000", 404),
    ],
)
def test_rubbish_in_the_address_is_refused(closers, ask, url, status):
    ask(closers[1], url, status=status)


def test_who_may_not_see_closings(closers, ask):
    world, *_ = closers
    for url in ("/office/periods", "/office/periods/202609", "/office/verification"):
        ask(world.manager, url, status=403)
        ask(world.finance, url, status=403)


def test_the_api_does_the_same(closers, client):
    _, maker, checker = closers
    with transaction():
        secrets = {who.user: tokens.create_token(who, "api")[1] for who in (maker, checker)}

    def call(who, url, body=None, key="k"):
        headers = {"Authorization": f"Bearer {secrets[who.user]}", "Idempotency-Key": f"{key}-{url}-{who.user}"}
        if body is None:
            return client.get(f"/api/v1{url}", headers=headers)
        return client.post(f"/api/v1{url}", json=body, headers=headers)

    proposed = call(maker, "/periods/closings", {"through": 202609})
    assert proposed.status_code == 201, proposed.text
    about = proposed.json
    assert about["months"][0]["total"]["money_fen"] == 240_000
    shown = f"/periods/closings/{about['closing']['id']}"
    assert call(maker, f"{shown}/approve", {}).status_code == 403
    assert call(checker, f"{shown}/approve", {}).json["closing"]["state"] == "approved"
    assert call(checker, f"{shown}/approve", {}, key="again").status_code == 409
    assert [month["state"] for month in call(maker, "/periods").json["months"]] == ["open", "to_close", "closed"]
    month = call(maker, "/periods/202609?by=supplier").json
    assert month["total"]["then"] == month["total"]["now"] == about["months"][0]["total"]
    assert call(maker, "/periods?division=11").status_code == 404
    assert call(maker, "/periods/13").status_code == 422


def test_the_api_runs_the_verifier_and_shows_faults_to_whom_they_concern(closers, client):
    checker = closers[2]
    with transaction():
        secret = tokens.create_token(checker, "api")[1]
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "verify-1"}
    started = client.post("/api/v1/verification/runs", json={}, headers=headers)
    assert started.status_code == 201, started.text
    assert jobs.work(JOBS)
    run = client.get(f"/api/v1/verification/runs/{started.json['id']}", headers=headers).json
    assert run["finished_at"]
    assert {check["state"] for check in run["results"]} == {"done"}
    assert {check["shown"] for check in run["results"]} == {None}
    assert client.get("/api/v1/verification/runs", headers=headers).json["items"][0]["id"] == run["id"]


def test_the_verifier_is_started_from_its_page(closers, ask):
    _, maker, checker = closers
    ask(maker, "/office/verification", {}, status=403)
    ask(checker, "/office/verification", {}, status=303)
    assert "<progress" in ask(checker, "/office/verification").text
    assert jobs.work(JOBS)
    page = ask(maker, "/office/verification").text
    assert "<progress" not in page
    assert "账本" in page or "Ledger" in page
