"""The whole path, clicked once: from two households' scale to their statement, through every face, in both languages.

Ten people each work in a browser of their own; the receiver stands at the door with a phone. What is asserted is what
the pages show: figures to the fen and states. Red when any face loses its form, link or figure.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import func, select

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.procurement import services as procurement
from marketplace.procurement.models import Order
from tests.e2e.conftest import eventually, money, yuan

GIFT, LOOSE = "YL-HT-0500-5", "YL-HT-0312"  # boxes of 5 千克, listed on the way; 千克, on sale from the start
# 118 + 198 千克 at ¥8.60; 300 of them can be sold. 50 boxes at ¥57.00 (from 40) and 100 千克 at ¥12.00 are ordered,
# 2 boxes rejected: 48 × 57.00 + 1,200.00 is billed; of the lot's cost 240/300 went with it, and 2 % to six families.
PAYABLE = (101_480, 170_280)
ORDERED, BILLED, SHARED = 405_000, 393_600, 7_872
TRACED = 217_408 * PAYABLE[0] // sum(PAYABLE)  # comes out even: 81,184
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
    "dccc59e70000000049454e44ae426082"
)


@dataclass
class Course:
    """What one step hands to the next."""

    lot: str = ""
    order: str = ""
    number: str = ""
    order_path: dict[str, str] = field(default_factory=dict)


def last_id(person) -> str:
    return person.path().rstrip("/").rsplit("/", 1)[-1]


def weigh(people, site, course) -> None:
    """Two households at the gate; the page's own arithmetic is the server's. The second slip keeps item and price."""
    clerk = people("clerk")
    clerk.open("/supplier/slips/new")
    for household, gross, tare, net, fen in (
        (site.world.households[0], "120.5", "2.5", "118.000", PAYABLE[0]),
        (site.world.households[1], "400斤", "2", "198.000", PAYABLE[1]),
    ):
        clerk.page.locator(f"a[href*='household={household}']").click()
        form = clerk.page.locator("#weigh")
        form.locator("[name=gross]").fill(gross)
        form.locator("[name=tare]").fill(tare)
        if household == site.world.households[0]:
            form.locator("[name=price_fen]").fill("8.60")
            form.locator("[name=item]").fill("黄桃")
        expect(form.locator("[name=price_fen]")).to_have_value("8.60")
        expect(form.locator("[data-net]")).to_contain_text(net)
        expect(form.locator("[data-payable]")).to_have_text(money(fen / 100))
        clerk.press(form.locator(".bf-dock button"))
        expect(clerk.page.locator(".bf-flash")).to_contain_text(money(fen / 100))


def make_lot(people, site, course) -> None:
    clerk = people("clerk")
    clerk.open("/supplier/lots/new")
    clerk.heading("建批次")
    clerk.page.locator("[data-all]").check()
    expect(clerk.page.locator("[data-count]")).to_have_text("2")
    expect(clerk.page.locator("[data-sum]")).to_have_text(money(sum(PAYABLE) / 100))
    clerk.page.locator("[name=product_id]").select_option(str(site.world.extra["gift"]))
    clerk.page.locator("[name=size]").fill("300")
    clerk.press("main form .bf-actions button")
    course.lot = last_id(clerk)
    clerk.heading("批次")
    expect(clerk.figure(2)).to_contain_text(money(sum(PAYABLE) / 100))
    expect(clerk.page.locator("h1 .bf-state.stop")).to_have_count(1)  # no papers yet
    form = clerk.page.locator("form[enctype]")
    form.locator("[name=number]").fill("HGZ-20261101")
    form.locator("[name=file]").set_input_files({"name": "合格证.png", "mimeType": "image/png", "buffer": PIXEL})
    clerk.press(form.locator("button"))
    expect(clerk.page.locator("h1 .bf-state.done")).to_have_count(1)
    expect(clerk.page.locator("a[href*='/supplier/files/']")).to_have_count(1)


def list_offer(people, site, course) -> None:
    """A new offer, and the stock of it put right."""
    clerk = people("clerk")
    clerk.open(f"/supplier/products/{site.world.extra['gift']}")
    clerk.follow("/offers/new")
    page = clerk.page
    page.locator("[name=code]").fill(GIFT)
    page.locator("[name=pricing][value=counted]").check()
    for name, value in {
        "order_unit": "箱",
        "content": "5",
        "minimum": "4",
        "breaks.0.from_quantity": "4",
        "breaks.0.price_fen": "60",
        "breaks.1.from_quantity": "40",
        "breaks.1.price_fen": "57",
        "pack": "2",
        "stock": "60",
    }.items():
        page.locator(f"[name='{name}']").fill(value)
    clerk.press("main form .bf-actions button")
    clerk.follow("/stock")
    page.locator("[name=stock]").fill("58")
    clerk.press("main form .bf-actions button")
    expect(page.locator("main")).to_contain_text("58.000")


def recognise(people, site, course) -> None:
    office = people("office")
    office.open("/office/grants/new")
    office.heading("认定产品")
    office.page.locator("[name=supplier]").select_option(str(site.world.manager.organisation))
    office.press("main form[method=get] button")
    office.page.locator("[name=product_id]").select_option(str(site.world.extra["gift"]))
    office.page.locator("[name=committed_value_fen]").fill("500000")
    office.press("main form[method=post] .bf-actions button")
    expect(office.page.locator("h1 .bf-state.done")).to_have_count(1)
    expect(office.figure(0)).to_contain_text("¥500,000.00")


def find_and_fill(people, site, course) -> None:
    """黄桃 finds it inside its name; the builder counts as the server does, and takes two columns from a sheet."""
    requester = people("requester")
    page = requester.page
    product = page.locator(f"main a.bf-name[href$='/products/{GIFT}']")

    def found() -> bool:
        requester.open("/")
        page.locator("[name=q]").first.fill("黄桃")
        page.locator("[name=q]").first.press("Enter")
        page.wait_for_url(re.compile("catalogue"))
        return product.count() == 1

    eventually(found)
    product.click()
    expect(page.locator("h1")).to_contain_text("礼盒")
    expect(page.locator(".bf-head .bf-state.done")).to_have_text(site.words("可计入预留份额"))
    page.locator("[name=quantity]").fill("50")
    expect(page.locator(".total[data-out=money]")).to_have_text("¥2,850.00")
    requester.press("main form[action$='/buyer/lines'] button")
    page.locator("[name=paste]").fill(f"{LOOSE}\t100")
    requester.press("button[name=do][value=paste]")
    rows = page.locator("#builder [data-line]")
    expect(rows).to_have_count(2)
    first = rows.nth(0).locator("input[inputmode=decimal]")
    first.fill("38")
    expect(rows.nth(0).locator("[data-out=price]")).to_have_text("60.00")
    first.fill("50")
    expect(rows.nth(0).locator("[data-out=price]")).to_have_text("57.00")
    expect(page.locator("[data-out=money]")).to_have_text(money(ORDERED / 100))
    expect(page.locator("[data-out=left]")).to_have_text("¥5,950.00")
    fill_delivery(page)
    requester.press("button.btn-primary[name=do][value=submit]")
    course.order_path["requisition"] = requester.path()
    expect(page.locator("h1 .bf-state.wait")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("4,050.00")


def fill_delivery(page) -> None:
    page.locator("[name=title]").fill("食堂秋季备货")
    page.locator("[name=deliver_on]").fill((clock.today() + timedelta(days=3)).isoformat())
    page.locator("[name=window]").fill("上午 7:00–9:00")
    page.locator("[name=address]").fill("云阳街道 1 号 食堂后门")
    page.locator("[name=contact]").fill("陈老师")


def approve(people, site, course) -> None:
    approver = people("approver")
    approver.open("/buyer/requisitions")
    approver.follow(course.order_path["requisition"])
    approver.page.locator("[name=decision][value=approve]").check()
    approver.press("main form .bf-actions button")
    link = approver.page.locator("main a.bf-id[href*='/buyer/orders/']")
    expect(link).to_have_count(1)  # one supplier, one order
    course.number = link.inner_text().strip()
    course.order = (link.get_attribute("href") or "").rsplit("/", 1)[-1]
    approver.open("/buyer/plan")
    expect(approver.page.locator("main")).to_contain_text(money(ORDERED / 100))  # held


def confirm_and_ship(people, site, course) -> None:
    clerk = people("clerk")
    page = clerk.page
    clerk.open("/supplier/orders")
    clerk.follow(course.order)
    clerk.press("main form[action$='/confirm'] button")
    clerk.follow("/ship")
    for code, lot, quantity in ((GIFT, course.lot, "50"), (LOOSE, str(site.world.extra["lot"]), "100")):
        row = page.locator("tr[data-line]").filter(has_text=re.compile(rf"{code}(?!-)"))
        source = row.locator(f"option[value$=':{lot}']").get_attribute("value")
        row.locator("select").select_option(source)
        row.locator("[name$='.quantity']").fill(quantity)
    page.locator("[name=carrier]").fill("湘B·示例 01")
    clerk.press("main form .bf-actions button")
    expect(page.locator("main")).to_contain_text("50.000")
    clerk.open(f"/supplier/lots/{course.lot}")
    expect(clerk.figure(1)).to_contain_text("50.000")  # 300 − 50 × 5 千克


def accept_at_the_door(people, site, course) -> None:
    receiver = people("receiver", phone=True)
    page = receiver.page
    receiver.open("/buyer/")
    receiver.open(f"/buyer/orders/{course.order}")
    page.locator("main a[href$='/accept']").tap()
    page.wait_for_url(re.compile("accept"))
    gift, loose = page.locator("[data-card]", has_text="礼盒"), page.locator("[data-card]", has_text="大果")
    expect(gift.locator("[data-why]")).to_be_hidden()
    gift.locator("[name$='.accepted']").fill("48")
    expect(gift.locator("[data-out=rejected]")).to_contain_text("2.000")
    gift.locator("label:has(input[value=bruised])").tap()
    loose.locator("[data-set]").first.tap()
    for card in (gift, loose):
        card.locator("[name$='.seen']").check()
    page.locator("[name=witness]").fill("周立新")
    expect(page.locator("[data-out=sum]")).to_have_text(money(BILLED / 100))
    assert not wider_than_screen(page)
    page.locator(".bf-dock .btn-primary").tap()
    page.wait_for_url(re.compile(f"/buyer/orders/{course.order}$"))
    expect(receiver.figure(1)).to_contain_text(money(BILLED / 100))
    expect(page.locator("main")).to_contain_text(site.words("压伤"))


def wider_than_screen(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def pay(people, site, course) -> None:
    """Finance says that it paid; the supplier's manager says that it came."""
    finance = people("finance")
    finance.open("/buyer/bills")
    finance.follow("/buyer/bills/")
    bill = last_id(finance)
    expect(finance.page.locator("[name=fen]")).to_have_value(f"{BILLED / 100:.2f}")
    finance.page.locator("[name=bank_serial]").fill("20261121-0001")
    finance.press("form[action$='/transfer'] .bf-actions button")
    expect(finance.page.locator("[name=fen]")).to_have_count(0)
    manager = people("manager")
    manager.open("/supplier/bills")
    manager.follow(bill)
    manager.press("main form[action$='/confirm'] button")
    expect(manager.page.locator("h1 .bf-state.done")).to_have_count(1)
    manager.open(f"/supplier/orders/{course.order}")
    expect(manager.figure(2)).to_contain_text(money(BILLED / 100))
    expect(manager.figure(3)).to_contain_text("¥0.00")
    requester = people("requester")
    requester.open("/buyer/plan")
    expect(requester.page.locator("main")).to_contain_text(money(BILLED / 100))  # counts


def distribute(people, site, course) -> None:
    """Two persons; what follows the notice's last day happens on the next, which a browser cannot wait for."""
    clerk, manager = people("clerk"), people("manager")
    clerk.open("/supplier/distributions")
    expect(clerk.page.locator(".bf-big")).to_have_text(money(SHARED / 100))
    clerk.page.locator("[name=notice_days]").fill("1")
    clerk.press("main form .bf-actions button")
    path = clerk.path()
    expect(clerk.page.locator("form[action$='/approve']")).to_have_count(0)  # not who prepared it
    manager.open("/supplier/distributions")
    manager.follow(path)
    expect(manager.page.locator("main tfoot").first).to_contain_text("78.72")
    manager.press("form[action$='/approve'] button")
    expect(manager.page.locator("h1 .bf-state")).to_contain_text(site.words("公示中"))
    with transaction():
        site.world.paid_out(UUID(path.rpartition("/")[2]))
    clerk.open(path)
    expect(clerk.page.locator("#f-payouts tbody .bf-state.done")).to_have_count(6)
    expect(clerk.page.locator("[name=payouts]")).to_have_count(0)


def report(people, site, course) -> None:
    """Every figure opens to rows that sum to it."""
    office = people("office")
    for place, whole in ((0, BILLED), (1, None), (2, None), (3, SHARED)):
        office.open(f"/office/volume?to={clock.today() + timedelta(days=1):%Y-%m}")  # paid on the day after the notice
        office.heading("消费帮扶金额")
        figure = office.figure(place).locator("a.bf-open")
        shown = yuan(figure.inner_text())
        assert whole is None or shown == whole
        figure.click()
        office.page.wait_for_url(re.compile("/volume/rows"))
        assert yuan(office.figure(0).locator("dd").first.inner_text()) == shown
        assert sum(amounts(office.page.locator("main tbody td.bf-num:last-child"))) == shown


def amounts(cells: Locator) -> list[int]:
    """The first number of each cell: a note below it may tell the whole that it is a part of."""
    return [yuan(text.strip().split("\n")[0]) for text in cells.all_inner_texts()]


def statement(people, site, course) -> None:
    """Two years, a month, a pool's lines: the order is named, and what of it came to this house."""
    office = people("office")
    office.open("/office/households")
    office.follow(f"/office/households/{site.world.households[0]}")
    office.heading("收入明白账")
    page = office.page
    expect(page.locator(".bf-facts.sum dd").first).to_have_text("¥13.12")  # received: a sixth of 78.72
    page.locator("main table a[href*='month=']").first.click()
    expect(page.locator("main")).to_contain_text(money(PAYABLE[0] / 100))
    page.locator(".bf-fan details[open] a[href*='/pools/']").first.click()
    expect(page.locator("main")).to_contain_text(course.number)
    expect(page.locator("main")).to_contain_text(f"{TRACED / 100:,.2f}")
    page.locator(f"main a[href$='{course.order}']").first.click()
    expect(page.locator("h1")).to_contain_text(course.number)


STEPS = (
    weigh,
    make_lot,
    list_offer,
    recognise,
    find_and_fill,
    approve,
    confirm_and_ship,
    accept_at_the_door,
    pay,
    distribute,
    report,
    statement,
)


def walk(people, site) -> None:
    course = Course()
    for step in STEPS:
        step(people, site, course)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_money_goes_from_the_scale_to_the_statement_through_every_face(site, people, language):
    site.language = language
    walk(people, site)


@pytest.mark.engine("postgresql")
def test_the_path_is_the_same_on_postgresql(site, people):
    walk(people, site)


def count_orders() -> int:
    with transaction(write=False):
        return db.session.scalar(select(func.count(Order.id))) or 0


@pytest.mark.engine("sqlite")
def test_a_double_click_submits_and_approves_once(site, people):
    """Red when the forms carry no key, or the key's answer is not stored with its effect."""
    with transaction():
        draft = site.world.draft()
    requester, approver = people("requester"), people("approver")
    requester.open(f"/buyer/requisitions/{draft}")
    requester.page.locator("button.btn-primary[name=do][value=submit]").dblclick()
    expect(requester.page.locator("h1 .bf-state.wait")).to_have_count(1)
    approver.open(f"/buyer/requisitions/{draft}")
    approver.page.locator("[name=decision][value=approve]").check()
    approver.page.locator("main form .bf-actions button").dblclick()
    expect(approver.page.locator("main a.bf-id[href*='/buyer/orders/']")).to_have_count(1)
    assert count_orders() == 1


@pytest.mark.engine("sqlite")
def test_ordering_and_accepting_work_without_javascript(site, people):
    """Red when a main form's button, or a control that it needs, is there for scripts alone."""
    requester = people("requester", scripts=False)
    page = requester.page
    requester.open(f"/products/{LOOSE}")
    page.locator("[name=quantity]").fill("200")
    requester.press("main form[action$='/buyer/lines'] button")
    fill_delivery(page)
    page.locator("[name=entry]").fill(f"{LOOSE} 50")
    requester.press("button[name=do][value=add]")
    expect(page.locator("[data-line] input[inputmode=decimal]")).to_have_value("250.000")
    requester.press("button.btn-primary[name=do][value=submit]")
    requisition = UUID(last_id(requester))
    with transaction():
        order = procurement.approve(site.world.approver, requisition)[0].id
        shipment = site.world.shipped(site.world.extra["lot"], 250_000, order)
    receiver = people("receiver", phone=True, scripts=False)
    receiver.open(f"/buyer/shipments/{shipment}/accept")
    receiver.page.locator("[name='lines.0.accepted']").fill("240")
    receiver.page.locator("[name='lines.0.reason'][value=rotten]").check()
    receiver.page.locator("[name$='.seen']").check()
    receiver.page.locator("[name=witness]").fill("周立新")
    receiver.press(".bf-dock .btn-primary")
    assert receiver.path() == f"/buyer/orders/{order}"
    expect(receiver.figure(1)).to_contain_text("¥2,880.00")


def tab_to(page, selector: str, most: int = 80, back: bool = False) -> None:
    """Presses Tab until the control has the focus."""
    for _ in range(most):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not come to {selector}")


@pytest.mark.engine("sqlite")
def test_the_builder_is_filled_by_keyboard_alone(site, people):
    """Red when a control is a link without address, the suggestions take no arrows, or the focus is lost on the way."""
    requester = people("requester")
    page, keys = requester.page, requester.page.keyboard
    requester.open("/buyer/requisitions")
    tab_to(page, "main form[action$='/buyer/requisitions'] button")
    keys.press("Enter")
    page.wait_for_url(re.compile("/buyer/requisitions/.+"))
    tab_to(page, "[name=title]")
    keys.press("Control+A")
    keys.type("键盘填的采购单")
    tab_to(page, "[name=deliver_on]")
    day = clock.today() + timedelta(days=5)
    keys.type(f"{day:%m%d%Y}")  # in the order of the language that the browser was started in
    expect(page.locator("[name=deliver_on]")).to_have_value(day.isoformat())
    for name, text in (("window", "上午"), ("address", "云阳街道 1 号"), ("contact", "陈老师")):
        tab_to(page, f"[name={name}]")
        keys.press("Control+A")
        keys.type(text)
    tab_to(page, "[name=entry]")
    eventually(lambda: len(page.request.get(f"{site.url}/catalogue/suggest?q=大果").json()["items"]) == 1)
    keys.type("大果 200")
    expect(page.locator("#suggestions [role=option]")).to_have_count(1)
    keys.press("ArrowDown")
    keys.press("Enter")
    row = page.locator("#builder [data-line]")
    expect(row).to_have_count(1)
    expect(page.locator("[name=entry]")).to_be_focused()
    tab_to(page, "[name='lines.0.quantity']")
    keys.press("Control+A")
    keys.type("500")
    expect(page.locator("[data-out=money]")).to_have_text("¥5,700.00")
    keys.press("Enter")
    expect(page.locator("[name=entry]")).to_be_focused()
    tab_to(page, "button[name=do][value=submit]", back=True)
    keys.press("Enter")
    expect(page.locator("h1 .bf-state.wait")).to_have_count(1)
