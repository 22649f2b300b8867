"""Weighing at dawn on a phone: few taps a household, without scripts too, and over a weak signal without doubling."""

import re
from types import SimpleNamespace

from playwright.sync_api import expect

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.linkage import services as linkage


def slips(site) -> list[SimpleNamespace]:
    """The recorded slips as plain values: a row that is read again later would hold the database's one writer."""
    names = ("number", "net", "price_fen", "item", "delivered_on")
    with transaction(write=False):
        rows = sorted(linkage.open_slips(site.world.clerk), key=lambda slip: slip.number)
        return [SimpleNamespace(**{name: getattr(row, name) for name in names}) for row in rows]


def first_slip(clerk, site, scripts: bool = True) -> None:
    """The day's first: item and price are typed once."""
    page = clerk.open("/supplier/slips/new")
    page.locator(f"a[href*='household={site.world.households[0]}']").click()
    page.locator("[name=gross]").fill("120斤")
    page.locator("[name=tare]").fill("2")
    page.locator("[name=price_fen]").fill("6.80")
    page.locator("[name=item]").fill("黄桃")
    if scripts:
        expect(page.locator("[data-net]")).to_contain_text("58.000")
        expect(page.locator("[data-payable]")).to_have_text("¥394.40")
    clerk.press("#weigh .bf-dock button")


def test_the_next_household_takes_a_number_a_weight_and_one_button(people, site):
    clerk = people("clerk", phone=True)
    first_slip(clerk, site)
    page = clerk.page
    [slip] = slips(site)
    done = page.locator("[data-draft-done]")
    expect(done).to_contain_text(slip.number)  # what was just recorded stands there with its number
    expect(done).to_contain_text("¥394.40")
    page.locator("#q-q").fill("2")
    page.locator("#q-q").fill("02")
    page.locator("#q-q").press("Enter")  # the number's ending is one household: the scale opens at once
    expect(page.locator("#weigh")).to_be_visible()
    assert page.evaluate("document.activeElement.name") == "gross"
    expect(page.locator("[name=price_fen]")).to_have_value("6.80")
    expect(page.locator("[name=tare]")).to_have_value("2")
    expect(page.locator("[name=item]")).to_be_hidden()
    page.keyboard.type("81.5")
    expect(page.locator("[data-payable]")).to_have_text("¥540.60")
    clerk.press("#weigh .bf-dock button")
    both = slips(site)
    assert [slip.net for slip in both] == [58_000, 79_500]
    assert (both[1].price_fen, both[1].item) == (680, "黄桃")
    expect(page.locator("main")).to_contain_text(site.words("%(count)s 秤", count=8))  # the lot's six, and these two
    page.locator("a[href*='household=']").filter(has_text=re.compile("再过一秤|another")).click()
    expect(page.locator("#weigh")).to_be_visible()


def test_targets_are_large_enough_for_a_thumb(people, site):
    clerk = people("clerk", phone=True)
    page = clerk.open("/supplier/slips/new")
    for target in ("main ul a.bf-row", "#q-q", "form .btn-primary"):
        assert page.locator(target).first.bounding_box()["height"] >= 44
    page.locator("main ul a.bf-row").first.click()
    assert page.locator("#weigh .bf-dock button").bounding_box()["height"] >= 44
    size = page.locator("[name=gross]").evaluate("control => parseFloat(getComputedStyle(control).fontSize)")
    assert size >= 28


def test_weighing_works_without_scripts(people, site):
    clerk = people("clerk", phone=True, scripts=False)
    first_slip(clerk, site, scripts=False)
    assert [slip.net for slip in slips(site)] == [58_000]


def test_what_is_typed_without_a_signal_stays_and_is_recorded_once(people, site):
    """Red when the draft's key is not sent again: the first press reached the server, its answer did not come back."""
    clerk = people("clerk", phone=True)
    page = clerk.open(f"/supplier/slips/new?household={site.world.households[0]}&item=黄桃&price=6.80&tare=2")
    page.locator("[name=gross]").fill("62")
    clerk.context.set_offline(True)
    page.locator("#weigh .bf-dock button").click()
    expect(page.locator("[data-draft-note]")).to_be_visible()
    clerk.context.set_offline(False)
    assert slips(site) == []
    # the page is lost and opened again: the weight is there
    page.goto(page.url)
    expect(page.locator("[name=gross]")).to_have_value("62")
    key = page.locator("#weigh [name=_key]").input_value()
    # sent, and the answer lost: the same intent comes a second time, under the same key
    form = {name: page.locator(f"#weigh [name={name}]").input_value() for name in names(page)}
    page.request.post(page.url, form=form)
    assert len(slips(site)) == 1
    assert page.locator("#weigh [name=_key]").input_value() == key
    clerk.press("#weigh .bf-dock button")
    assert len(slips(site)) == 1
    # recorded: nothing is left on the phone
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('bangfu-draft:'))") == []
    assert slips(site)[0].delivered_on == clock.today()


def names(page) -> list[str]:
    return page.locator("#weigh").evaluate("form => [...new FormData(form).keys()]")
