"""The household's page on a phone, without scripts: the code from the card, four digits, a yes, and what is wrong.

One dispute is carried to its end: household on the phone, supplier and office at their desks, household again.
"""

import os
import re

import pytest
from playwright.sync_api import expect

from marketplace.attribution import services as attribution
from marketplace.core import clock
from marketplace.core.db import transaction
from tests.factories import people as factory_people
from tests.factories.world import give_payees, scan

SHOTS = os.environ.get("BANGFU_SHOTS")


@pytest.fixture
def card(site) -> str:
    """The token on the first household's card; its dividend was paid."""
    world = site.world
    with transaction():
        bill = world.settled(world.extra["lot"], 200_000)
        give_payees(world, "cash")
        run = attribution.prepare(world.clerk, bill.issued_on, notice_days=0)
        attribution.approve(world.manager, run.id)
        payouts = [row.id for row in attribution.payouts_of(run.id)]
        attribution.mark_paid(
            world.clerk, payouts, paid_on=clock.today(), method="cash", evidence="花名册 1", file_id=scan(world.clerk)
        )
        return attribution.issue(world.office, world.households[0])


def fits(person) -> None:
    """Nothing is wider than the phone, and what is pressed is as large as a thumb."""
    width = person.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"{person.path()} is {width} px wide"
    for button in person.page.locator("main .btn:not(.btn-sm)").all():
        box = button.bounding_box()
        assert box is None or box["height"] >= 44, (person.path(), button.inner_text(), box)


def shot(person, name: str) -> None:
    if SHOTS:
        person.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_a_household_confirms_and_disputes_on_its_phone(site, people, card):
    fact = factory_people.id_number(500)[-4:]
    phone = people(phone=True, scripts=False)
    phone.open(f"/s/{card}")
    phone.heading("收入明白账")
    fits(phone)
    shot(phone, "1-enter")

    people.expects.add(422)
    phone.page.locator("#f-fact").fill("0000")
    phone.page.locator("main form button").click()
    expect(phone.page.locator("[role=alert]")).to_contain_text(
        site.words("后四位不对，或者这张卡已经换过。请看卡片再填，或找村委会重新打印。")
    )
    people.expects.discard(422)

    phone.page.locator("#f-fact").fill(fact)
    phone.press("main form button")
    expect(phone.page).to_have_url(re.compile(r"/s/$"))
    assert "张＊0" in phone.page.locator("main").inner_text()
    fits(phone)
    shot(phone, "2-overview")

    phone.page.locator(f".bf-months a[href*='{clock.today():%Y-%m}']").click()
    expect(phone.page.locator("main")).to_contain_text("1/6")  # its weight beside the fen
    fits(phone)
    shot(phone, "3-month")
    phone.follow("/s/pools/")
    expect(phone.page.locator("main")).to_contain_text("SO-")
    fits(phone)
    shot(phone, "4-lines")

    phone.open("/s/")
    phone.press(".bf-dock form button")
    expect(phone.page.locator(".bf-flash")).to_contain_text(site.words("谢谢，已确认 %(count)s 笔。", count=1))
    expect(phone.page.locator(".bf-dock form")).to_have_count(0)

    phone.page.locator(".bf-dock a").click()
    slip = phone.page.locator("#f-about option[value^='slip']").first.get_attribute("value")
    phone.page.locator("#f-about").select_option(slip)
    phone.page.locator("#f-words").fill("交了 120 斤，单子上写 102 斤")
    phone.page.locator("#f-claimed_fen").fill("1500")
    fits(phone)
    shot(phone, "5-dispute")
    phone.press("main form .btn-primary")
    number = re.search(r"YY-\d{4}-\d{6}", phone.page.locator("h1").inner_text())[0]
    fits(phone)
    shot(phone, "6-raised")

    supplier = people("manager")
    supplier.open("/supplier/disputes")
    supplier.page.locator(f"main a:has-text('{number}')").click()
    supplier.page.locator("#f-words").fill("磅单照片在此，是 102 斤")
    supplier.press("main form .btn-primary")
    shot(supplier, "7-answered")

    office = people("office")
    office.open("/office/disputes")
    office.page.locator(f"main a:has-text('{number}')").click()
    office.page.locator("input[name=decision][value=uphold]").check()
    office.page.locator("#f-remedy").select_option("payment")
    office.page.locator("#f-words").fill("磅单有涂改，按 120 斤补付")
    office.press("main form .btn-primary")
    shot(office, "8-decided")

    phone.page.reload()
    expect(phone.page.locator("main")).to_contain_text("磅单有涂改，按 120 斤补付")
    fits(phone)
    people.expects.add(401)
    phone.open("/s/")
    phone.page.locator("form[action='/s/leave'] button").click()
    expect(phone.page.locator("h1")).to_contain_text(site.words("已退出"))
    phone.open("/s/")
    phone.heading("请重新扫码")
