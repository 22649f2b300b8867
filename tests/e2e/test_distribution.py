"""A distribution through the browser: two persons, the public notice, the bank's file and its answer, cash with a scan."""

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect

from marketplace.attribution import services as attribution
from marketplace.core import clock, sheets
from marketplace.core.db import transaction
from marketplace.notices import services as notices
from tests.attribution.test_payouts import result
from tests.factories.world import give_payees


def listed_before(site):
    """A distribution whose notice ran out yesterday."""
    world = site.world
    with clock.fixed(clock.at(clock.today() - timedelta(days=8))), transaction():
        give_payees(world)
        world.settled(world.lot(2_000_000), 300_000)
        return world.distributed()


def test_two_persons_a_notice_a_bank_file_and_its_result(people, site, tmp_path: Path):
    id_ = listed_before(site)
    with transaction():
        site.world.settled(site.world.extra["lot"], 100_000)
    clerk, manager = people("clerk"), people("manager")

    # one prepares, another approves; the list is posted in the villages
    clerk.open("/supplier/distributions")
    clerk.press("form:has(#f-cut_on) .btn-primary")
    expect(clerk.page.locator("main")).to_contain_text("24.00")
    url = clerk.page.url.removeprefix(site.url)
    expect(clerk.page.locator("form[action$='/approve']")).to_have_count(0)
    manager.open(url)
    manager.press("form[action$='/approve'] button")
    expect(manager.page.locator("h1 + *, .bf-state, main").first).to_be_visible()
    expect(manager.page.locator("main")).to_contain_text(site.words("公示中"))
    visitor = people()
    visitor.open("/notices")
    visitor.page.locator("main a[href*='/notices/']").first.click()
    expect(visitor.page.locator("main")).to_contain_text("张*")
    visitor.page.locator("#f-words").fill("少算了一筐")
    visitor.page.locator("#f-contact").fill("13800000000")
    visitor.press("#object button.btn-primary")
    expect(visitor.page.locator("body")).to_contain_text("YY-")

    # the earlier list has run its notice: to the bank, and back
    clerk.open(f"/supplier/distributions/{id_}")
    clerk.press("form[action$='/bank-files'] button.btn-primary")
    bank_url = clerk.page.url.removeprefix(site.url)
    manager.open(bank_url)
    with manager.page.expect_download() as download:
        manager.page.locator("form:has(#f-reason) button.btn-primary").first.click()
    rows = sheets.read(Path(download.value.path()).read_bytes())[0].rows
    assert len(rows) == 7
    assert all(len(row[1]) > 12 for row in rows[1:])
    with transaction(write=False):
        file = attribution.bank_files(site.world.clerk)[0][0]
        content = result(file.id, n2={"state": "失败", "reason": "账户已销户"})
        wrong = result(file.id, n1={"amount": "0.01"})
    (tmp_path / "wrong.xlsx").write_bytes(wrong)
    (tmp_path / "result.xlsx").write_bytes(content)
    clerk.watch.expects |= {422}
    clerk.open("/supplier/bank-files")
    clerk.page.locator("#f-file").set_input_files(tmp_path / "wrong.xlsx")
    clerk.page.locator("form:has(#f-file) button.btn-primary").click()
    expect(clerk.page.locator("#answer tr.bad")).to_have_count(1)
    clerk.page.locator("#f-file").set_input_files(tmp_path / "result.xlsx")
    clerk.press("form:has(#f-file) button.btn-primary")
    expect(clerk.page.locator("main")).to_contain_text("result.xlsx")

    # the failed one is paid in cash, with the scan of the signature
    clerk.open("/supplier/payouts?state=failed")
    expect(clerk.page.locator("main")).to_contain_text("账户已销户")
    clerk.page.locator("input[name=payouts]").check()
    clerk.press("button[name=channel][value=cash]")
    clerk.open(f"/supplier/distributions/{id_}?state=to_pay")
    clerk.page.locator("input[name=payouts]").check()
    (tmp_path / "signed.pdf").write_bytes(b"%PDF-1.7 signed")
    clerk.page.locator("#f-file").set_input_files(tmp_path / "signed.pdf")
    clerk.press("button[form=pay]")
    with transaction(write=False):
        assert {row.state for row in attribution.payouts_of(id_)} == {"paid"}
        raised = notices.waiting(site.world.manager)
        assert raised == {"open": 1}
