"""Acceptance at the canteen door in a real browser on a phone, with the signal gone in between."""

import re

import pytest
from playwright.sync_api import expect

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.identity.models import User
from marketplace.identity.sign_in import hash_password
from marketplace.procurement import services as procurement
from marketplace.procurement.models import Acceptance
from tests.e2e.conftest import PASSWORD
from tests.factories.world import actor, list_offer

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "08d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture
def shipment(site):
    """200 千克 counted and four geese to be weighed; a second receiver who can sign in."""
    world = site.world
    with transaction():
        goose = list_offer(
            world.manager,
            world.product,
            "YL-GO-1",
            pricing="weighed",
            order_unit="只",
            content=3_500,
            minimum=1_000,
            pack=1_000,
            step=1_000,
            tolerance_basis_points=1_000,
            breaks=[(1_000, 5200)],
        )
        [order] = world.approved(offers={world.offer: 200_000, goose: 4_000})
        procurement.confirm(world.manager, order)
        lines = procurement.lines_of([order])[order]
        parts = [procurement.Part(line.id, world.extra["lot"], line.open) for line in lines]
        second = db.session.get_one(User, actor(world.receiver.organisation, {"receiver"}, "周立新").user)
        second.sign_in_name, second.password = "second", hash_password(PASSWORD)
        return procurement.ship(world.clerk, order, parts, expected_on=clock.today()).id


def draft(site, shipment):
    with transaction(write=False):
        held = procurement.acceptance_draft(site.world.receiver, shipment)
        return dict(held.fields) if held else {}


def acceptances(site):
    with transaction(write=False):
        return [(row.state, row.money_fen) for row in db.session.query(Acceptance)]


def saved(page):
    expect(page.locator("[data-draft-note]")).to_contain_text("已存")


def test_what_is_counted_without_a_signal_is_saved_later_and_accepted_once(people, site, shipment):
    """Red when acceptance_draft.js forgets what was not answered, or sends it under another key."""
    receiver = people("receiver", phone=True)
    page = receiver.open(f"/buyer/shipments/{shipment}/accept")
    cards = page.locator("[data-card]")
    first = cards.nth(0)
    first.locator("[name$='.accepted']").fill("198.4")
    first.get_by_text("压伤").click()
    first.locator("[name$='.seen']").check()
    saved(page)
    # the signal is gone: the scale goes on, a crate more than the page came with
    receiver.context.set_offline(True)
    geese = cards.nth(1)
    geese.locator("[data-gross]").nth(0).fill("5.4")
    geese.locator("[data-tare]").nth(0).fill("0.6")
    geese.locator("[data-gross]").nth(1).fill("5.3")
    geese.locator("[data-tare]").nth(1).fill("0.6")
    geese.locator("[data-more]").click()
    geese.locator("[data-gross]").nth(2).fill("4.9")
    geese.locator("[data-tare]").nth(2).fill("0.4")
    geese.locator("[name$='.seen']").check()
    expect(page.locator("[data-draft-note]")).to_contain_text("没有信号")
    assert "5.4" not in draft(site, shipment).values()
    receiver.context.set_offline(False)
    saved(page)
    assert {"5.4", "5.3", "4.9", "198.4"} <= set(draft(site, shipment).values())
    # the page is lost, and everything is there
    page.goto(page.url)
    expect(cards.nth(1).locator("[data-crate]").nth(2)).to_have_text("4.500")
    expect(cards.nth(0).locator("[name$='.accepted']")).to_have_value("198.4")
    expect(page.locator("[data-out=sum]")).to_have_text("¥3,108.80")
    first.locator("[data-photo]").set_input_files({"name": "桃.png", "mimeType": "image/png", "buffer": PNG})
    expect(first.locator(".bf-photos img")).to_have_count(1)
    page.locator(".bf-dock .btn-primary").dblclick()
    expect(page).to_have_url(re.compile("/buyer/acceptances/"))
    assert acceptances(site) == [("signing", 310_880)]
    # the second inspector stands here too
    page.locator("#f-name").fill("second")
    page.locator("#f-password").fill(PASSWORD)
    receiver.press(page.locator("form:has(#f-password) button"))
    expect(page.locator("main")).to_contain_text("周立新")
    assert acceptances(site) == [("signed", 310_880)]
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('bangfu-acceptance'))") == []


def test_two_phones_are_told_of_each_other(people, site, shipment):
    """Red when the draft is saved without its version."""
    here = people("receiver", phone=True).open(f"/buyer/shipments/{shipment}/accept")
    with transaction():
        procurement.save_acceptance_draft(site.world.receiver, shipment, 0, {"lines.0.accepted": "150"})
    people("receiver", phone=True).watch.expects.add(409)
    here.locator("[name='lines.0.accepted']").fill("180")
    expect(here.locator("[data-draft-clash]")).to_be_visible()
    here.locator("[data-draft-mine]").click()
    saved(here)
    assert draft(site, shipment)["lines.0.accepted"] == "180"


def test_without_scripts_the_draft_is_saved_by_its_button(people, site, shipment):
    receiver = people("receiver", phone=True, scripts=False)
    page = receiver.open(f"/buyer/shipments/{shipment}/accept")
    page.locator("[name='lines.0.accepted']").fill("120")
    receiver.press("[data-draft-save]")
    expect(page.locator("[name='lines.0.accepted']")).to_have_value("120")
    assert draft(site, shipment)["lines.0.accepted"] == "120"
