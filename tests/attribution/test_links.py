"""Statement links: nobody but who holds the card and knows the second fact sees anything, and guessing leads nowhere."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.attribution import links
from marketplace.attribution import services as attribution
from marketplace.attribution.household_models import LinkAttempt, StatementLink
from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.core.errors import Forbidden, NotFound, Refused, TooMany
from marketplace.households import services as households
from marketplace.identity import services as identity
from tests.factories import people
from tests.factories import world as factory
from tests.factories.world import World

PAGES = ("/s/", "/s/disputes/new")


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build()
        lot = world.lot()
        world.settled(lot)
        people.with_members(world.office, world.households[:2], first=31)
        world.extra["token"] = attribution.issue(world.office, world.households[0])
    return world


def fact(world: World, place: int = 0) -> str:
    return people.id_number(31 + place)[-4:]


def enter(client, token: str, typed: str, address: str = "10.0.0.1"):
    """Posts the form as a browser does: with the cookie and the token against forged posts."""
    page = client.get(f"/s/{token}", environ_base={"REMOTE_ADDR": address})
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    return client.post(
        f"/s/{token}", data={"fact": typed, "csrf_token": csrf[1]}, environ_base={"REMOTE_ADDR": address}
    )


def test_token_and_fact_open_the_household_s_own_statement(world, client):
    answer = enter(client, world.extra["token"], fact(world))
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/s/"
    page = client.get("/s/")
    assert "收入明白账" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "张三0" not in page.text, "a name in full stands on no page behind a link"
    assert "张＊0" in page.text


def test_a_household_without_an_id_number_is_asked_for_its_own(world, client):
    with transaction():
        household = households.by_ids([world.households[2]])[world.households[2]]
        token = attribution.issue(world.office, household.id)
    assert enter(client, token, household.code[-4:]).status_code == 303


def test_the_token_is_kept_nowhere(world, app):
    """Red when a token is stored, logged in the trail or part of a link's row."""
    with transaction(write=False):
        row = db.session.scalars(select(StatementLink)).one()
        assert row.digest == links.digest_of(world.extra["token"])
        text = str(db.session.execute(select(StatementLink.__table__)).all())
        text += str(db.session.execute(select(AuditEvent.__table__)).all())
        assert world.extra["token"] not in text


def plain(text: str) -> str:
    """Without what differs with every request: the forged-post token, the request's id, and the path itself."""
    return re.sub(r'value="[^"]*"|/s/[\w-]{22}|nonce-[\w-]+|[0-9a-f]{32}', "", text)


def test_a_wrong_fact_a_revoked_link_and_an_unknown_token_answer_alike(world, app):
    """Byte for byte. Red when any of them says more."""
    with transaction():
        revoked = attribution.issue(world.manager, world.households[1])
        attribution.revoke(world.manager, world.households[1])
    unknown = "A" * links.TOKEN_LENGTH
    forms = {plain(app.test_client().get(f"/s/{token}").text) for token in (world.extra["token"], revoked, unknown)}
    assert len(forms) == 1
    answers = [
        enter(app.test_client(), world.extra["token"], "0000", "10.0.1.1"),
        enter(app.test_client(), revoked, fact(world, 1), "10.0.1.2"),
        enter(app.test_client(), unknown, fact(world), "10.0.1.3"),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({plain(answer.text) for answer in answers}) == 1


def test_five_wrong_facts_close_the_link_for_a_while_whatever_the_address(world, client):
    """Red when the throttle asks the address alone, or counts in memory."""
    for number in range(links.PER_LINK):
        assert enter(client, world.extra["token"], "0000", f"10.1.0.{number}").status_code == 422
    refused = enter(client, world.extra["token"], fact(world), "10.1.1.1")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    with clock.fixed(clock.now() + links.WINDOW + timedelta(seconds=1)):
        assert enter(client, world.extra["token"], fact(world), "10.1.1.1").status_code == 303


def test_an_address_that_tries_many_tokens_is_stopped(world, app):
    """Enumeration: unknown tokens count too."""
    with transaction():
        for number in range(links.PER_ADDRESS):
            row = LinkAttempt(digest=links.digest_of(str(number)), address="10.2.0.1", at=clock.now(), ok=False)
            db.session.add(row)
    assert enter(app.test_client(), "B" * 22, "0000", "10.2.0.1").status_code == 429
    assert enter(app.test_client(), world.extra["token"], fact(world), "10.2.0.2").status_code == 303


def test_thirty_guesses_end_the_link_and_a_success_forgets_the_failures(world):
    """Red when only the window counts: four guesses a quarter of an hour would try every fact within a year."""
    moment = clock.now()

    def guess(typed: str, number: int) -> str:
        with clock.fixed(moment + number * links.WINDOW):
            try:
                attribution.enter(world.extra["token"], typed, f"10.3.0.{number}")
            except Refused as refused:
                return refused.code
            return "open"

    assert [guess("0000", number) for number in range(3)] == ["link_wrong"] * 3
    assert guess(fact(world), 3) == "open"
    assert {guess("0000", number) for number in range(4, 4 + links.GUESSES)} == {"link_wrong"}
    assert guess(fact(world), 50) == "link_wrong"
    with transaction(write=False):
        assert db.session.scalars(select(StatementLink.revoked_why)).one() == "guessed"


def test_revoking_ends_what_is_open_at_once(world, client):
    """Red when a session outlives its link."""
    enter(client, world.extra["token"], fact(world))
    assert client.get("/s/").status_code == 200
    with transaction():
        assert attribution.revoke(world.office, world.households[0]) == 1
    for url in PAGES:
        assert client.get(url).status_code == 401
    assert enter(client, world.extra["token"], fact(world)).status_code == 422


def test_a_new_card_ends_the_former_one(world, client):
    with transaction():
        token = attribution.issue(world.office, world.households[0])
    assert enter(client, world.extra["token"], fact(world)).status_code == 422
    assert enter(client, token, fact(world)).status_code == 303


def test_the_time_is_short(world, client):
    enter(client, world.extra["token"], fact(world))
    with clock.fixed(clock.now() + links.OPEN_FOR + timedelta(seconds=1)):
        page = client.get("/s/")
        assert page.status_code == 401
        assert "请重新扫码" in page.text
        assert client.post("/s/confirm").status_code in (400, 401)


def test_who_has_no_link_open_sees_nothing(world, client):
    for url in (*PAGES, f"/s/pools/{world.households[0]}", f"/s/disputes/{world.households[0]}"):
        assert client.get(url).status_code == 401


def test_leaving_ends_it_on_this_phone(world, client):
    enter(client, world.extra["token"], fact(world))
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/s/").text)
    assert client.post("/s/leave", data={"csrf_token": csrf[1]}).status_code == 200
    assert client.get("/s/").status_code == 401


def test_a_supplier_s_link_shows_its_own_part_only(world, client):
    """Its people may know the second fact; what another supplier paid is not theirs."""
    with transaction():
        token = attribution.issue(world.manager, world.households[0])
        other = identity.add_organisation(
            SYSTEM, "supplier", "别的合作社", factory.YANLING, supplier_kind="cooperative"
        )
        manager = factory.actor(other.id, {"supplier_manager"})
        factory.start_agreement(manager, world.households, kind="rent", rate_fen=100, service_order=10)
    enter(client, token, fact(world))
    assert "别的合作社" not in client.get("/s/").text
    assert "别的合作社" not in client.get("/s/disputes/new").text
    with transaction(write=False):
        assert db.session.scalar(select(func.count()).select_from(StatementLink)) == 2, "the office's own still lives"


def test_links_are_issued_by_who_reaches_the_household(world):
    with transaction():
        place = factory.CHALING
        beside = identity.add_organisation(SYSTEM, "office", "茶陵县农业农村局", place, level=3)
        office = factory.actor(beside.id, {"office_head"})
        other = identity.add_organisation(SYSTEM, "supplier", "别的合作社", place, supplier_kind="cooperative")
        manager = factory.actor(other.id, {"supplier_manager"})
        for stranger in (office, manager):
            with pytest.raises(NotFound):
                attribution.issue(stranger, world.households[0])
            with pytest.raises(NotFound):
                attribution.revoke(stranger, world.households[0])
        with pytest.raises(Forbidden):
            attribution.issue(world.clerk, world.households[0])


def test_a_proxy_s_fact_opens_it_in_the_proxy_s_name(world, client):
    """代领人: named in writing, approved by two, of today."""
    with transaction():
        other = factory.actor(world.office.organisation, {"office_head"})
        row = households.propose_payees(
            other,
            [
                households.NewPayee(
                    world.households[0],
                    "cash",
                    proxy_name="李代领",
                    proxy_relation="亲属",
                    proxy_id_number=people.id_number(77),
                    file_id=factory.scan(other),
                    until=clock.today() + timedelta(days=30),
                )
            ],
        )[0]
        households.approve_payees(world.office, [row.id])
    enter(client, world.extra["token"], people.id_number(77)[-4:])
    assert "李代领" in client.get("/s/").text


def test_many_throttled_guesses_at_once_pass_the_limit_not_together(world):
    """The attempt is written down before the fact is looked at. Red when it is noted afterwards."""
    for number in range(links.PER_LINK):
        with pytest.raises(Refused):
            attribution.enter(world.extra["token"], "0000", f"10.4.0.{number}")
    with pytest.raises(TooMany):
        attribution.enter(world.extra["token"], fact(world), "10.4.1.1")
    with transaction(write=False):
        failures = select(func.count()).select_from(LinkAttempt).where(LinkAttempt.ok.is_(False))
        assert db.session.scalar(failures) == links.PER_LINK
