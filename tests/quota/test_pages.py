"""The pages and the API of quota: filing, check, amendment, progress and its form, parameters, successions."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.identity import tokens
from marketplace.quota import services as quota
from tests.api.callers import Caller, token_of
from tests.factories.world import HUNAN, ZHUZHOU, World, actor
from tests.quota import helpers as h
from tests.quota.test_progress import bought, ordered, people_of, submitted


@pytest.fixture
def world(app) -> World:
    with transaction():
        return World.build()


@pytest.fixture
def ask(app, client) -> Callable[..., Any]:
    secrets: dict[Any, str] = {}

    def ask(actor: Actor, url: str, form: dict | None = None, status: int = 200) -> Any:
        if actor.user not in secrets:
            with transaction():
                secrets[actor.user] = tokens.create_token(actor, "test")[1]
        headers = {"Authorization": f"Bearer {secrets[actor.user]}"}
        answer = client.get(url, headers=headers) if form is None else client.post(url, data=form, headers=headers)
        assert answer.status_code == status, answer.text[:3000]
        return answer

    return ask


@pytest.fixture
def bureau(world) -> h.Unit:
    """A bureau over two schools; its people as they sign in."""
    with transaction():
        above = h.unit(name="教育局")
        first, second = h.unit(above, name="一中"), h.unit(above, name="二中")
        above = h.seen_again(above)
    above.first, above.second = first, second  # type: ignore[attr-defined]
    return above


FORM = {"unit_case": "own", "canteen_fen": "100,000", "target_fen": "15,000.00", "then": "file"}


def form(**figures: str) -> dict[str, str]:
    return FORM | {"year": str(clock.today().year)} | figures


def test_a_plan_is_filed_returned_filed_again_and_approved_on_the_pages(world, bureau, ask):
    school = bureau.first
    assert "填报方案" in ask(school.filer, "/buyer/plan").text
    assert "未公布" in ask(school.filer, "/buyer/plan/file").text
    refused = ask(school.filer, "/buyer/plan/file", form(target_fen="0"), status=422).text
    assert 'value="100,000"' in refused
    page = ask(school.filer, "/buyer/plan/file", form(then="save"), status=303).location
    assert "草稿" in ask(school.filer, page).text
    ask(school.filer, "/buyer/plan/file", form(), status=303)
    with transaction(write=False):
        plan = quota.plan_of(school.id, clock.today().year).id
    check = f"/office/plans/{plan}/check"
    listed = ask(bureau.checker, "/office/plans?state=filed").text
    assert "一中" in listed
    assert "核准" in ask(bureau.checker, check).text
    ask(bureau.checker, check, {"then": "return", "reason": ""}, status=422)
    ask(bureau.checker, check, {"then": "return", "reason": "采购额漏了二食堂"}, status=303)
    assert "采购额漏了二食堂" in ask(school.filer, page).text
    assert "采购额漏了二食堂" in ask(school.filer, "/buyer/plan/file").text
    ask(school.filer, "/buyer/plan/file", form(canteen_fen="120,000"), status=303)
    ask(school.filer, check, status=403)
    ask(world.approver, check, status=404)
    ask(bureau.checker, check, {"then": "approve"}, status=303)
    assert "申请调整" in ask(school.filer, page).text
    assert ask(school.filer, f"/buyer/plans/{plan}", status=302).location.startswith("/buyer/plan")
    assert "/buyer/plan/file" in ask(school.filer, f"/buyer/plans/due/{school.id}", status=302).location


def test_an_amendment_is_asked_for_and_decided_on_the_pages(world, bureau, ask):
    school = bureau.first
    with transaction():
        plan = h.approved(school, bureau.checker, year=clock.today().year)
    url = f"/buyer/plans/{plan}/amend"
    asked = {
        "from_day": clock.today().isoformat(),
        "canteen_fen": "120,000",
        "union_fen": "0",
        "target_fen": "18,000",
        "reason": "扩招",
    }
    assert "15000.00" in ask(school.filer, url).text
    ask(school.filer, url, asked | {"reason": ""}, status=422)
    ask(school.filer, url, asked, status=303)
    with transaction(write=False):
        amendment = quota.amendments_of(bureau.checker, plan)[0].id
    page = f"/office/plans/{plan}/amendments/{amendment}"
    assert page in ask(bureau.checker, f"/office/plans/{plan}").text
    assert "18,000.00" in ask(bureau.checker, page).text
    ask(bureau.checker, page, {"then": "refuse"}, status=422)
    ask(bureau.checker, page, {"then": "approve"}, status=303)
    assert "¥18,000.00" in ask(school.filer, "/buyer/plan").text
    ask(bureau.checker, page, {"then": "approve"}, status=409)


def test_the_plan_page_says_what_is_still_to_do_and_opens_to_the_lines_as_a_sheet_too(world, ask):
    with transaction():
        lot, people = world.lot(), people_of(world)
        bought(world, lot, people)
        bought(world, lot, people, 25_000, "union")
        ordered(world, people, 30_000)
        submitted(world, people, 35_000)
    page = ask(world.requester, "/buyer/plan").text
    assert "还要下单" in page
    assert "¥9,610.00" in page or "已过" in page  # 10,000 − 540 settled − … on the days when it can still be done
    assert "¥9,460.00" in page
    assert "240.00" not in ask(world.requester, "/buyer/plan?kind=union").text.split('id="lines"')[1].split("<aside")[0]
    home = ask(world.requester, "/buyer/").text
    assert "还要下单" in home
    book = ask(world.requester, "/buyer/plan?format=xlsx").data
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [row[5] for row in rows[1:3]] in (["工会", "食堂"], ["食堂", "工会"])
    assert rows[-1][-1] == 540.0
    assert ask(world.requester, "/buyer/plan?format=csv").mimetype == "text/csv"


def test_a_department_reads_its_progress_and_its_form_has_the_columns_of_the_paper(world, bureau, ask):
    """RULES.md, Paper forms: 预留份额完成表."""
    with transaction():
        h.approved(bureau.first, bureau.checker, year=clock.today().year)
    page = ask(bureau.checker, "/office/plans/progress").text
    assert "一中" in page
    assert "没有方案" in page
    assert "茶陵县沿河中学" not in page
    book = ask(bureau.checker, "/office/plans/progress?format=xlsx").data
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows[0] == [
        "单位名称", "信用代码", "主管部门", "有无食堂", "食材采购总额", "预留比例", "预留金额", "食堂完成额", "工会完成额",
        "承包商完成额", "个人完成额", "合计", "完成率", "在途额", "逾期未付", "说明",
    ]  # fmt: skip
    named = {row[0].strip("　"): row for row in rows}
    assert named["一中"][2:7] == ["教育局", "自办食堂", 100_000.0, "15.0\N{NO-BREAK SPACE}%", 15_000.0]
    assert named["合计"][6] == 15_000.0
    assert rows[-1][0].startswith("填报人：")
    ask(bureau.checker, f"/office/plans/progress?root={world.requester.organisation}", status=404)


def test_a_parameter_is_set_and_confirmed_by_two_on_the_page(world, bureau, ask):
    with transaction():
        other = actor(world.office.organisation, {"office_head"})
    year = str(clock.today().year)
    asked = {
        "year": year,
        "prefix": "4302",
        "base": "canteen",
        "minimum_bp": "12.5",
        "filing_md": "2-20",
        "source": "1 号",
    }
    more = {"counting_md": "12-31", "warn_md": "11-1", "lead_days": "14", "pay_days": "30", "confirm_days": "11"}
    for wrong in (
        {"minimum_bp": "x"},
        {"minimum_bp": "0"},
        {"filing_md": "2-31"},
        {"source": ""},
        {"prefix": "430299"},
    ):
        ask(world.office, "/office/plans/rules", asked | more | wrong, status=422)
    ask(world.office, "/office/plans/rules", asked | more | {"prefix": "44"}, status=404)
    ask(bureau.checker, "/office/plans/rules", asked | more, status=403)
    ask(world.office, "/office/plans/rules", asked | more, status=303)
    with transaction(write=False):
        rule = quota.rule_for("430224000000", int(year))
        assert (rule.minimum_bp, rule.filing_md, rule.status) == (1250, 220, "unconfirmed")
    page = ask(bureau.filer, "/office/plans/rules").text
    assert "未公布" in page
    assert "12.5" in page
    ask(world.office, f"/office/plans/rules/{rule.id}/confirm", {}, status=422)
    ask(other, f"/office/plans/rules/{rule.id}/confirm", {}, status=303)
    assert "12.5%" in ask(bureau.first.filer, "/buyer/plan/file").text.replace(" ", "").replace("\u202f", "").replace(
        "\xa0", ""
    )


def test_a_unit_that_was_merged_is_recorded_on_the_page(world, bureau, ask):
    asked = {
        "organisation_id": str(bureau.first.id),
        "abolished_on": clock.today().isoformat(),
        "successor_id": str(bureau.second.id),
        "document": "机编办 3 号",
    }
    future = (clock.today() + timedelta(days=1)).isoformat()
    ask(world.office, "/office/plans/successions", asked | {"abolished_on": future}, status=422)
    ask(bureau.checker, "/office/plans/successions", asked, status=403)
    ask(world.office, "/office/plans/successions", asked, status=303)
    assert "机编办 3 号" in ask(bureau.checker, "/office/plans/successions").text
    assert "机编办 3 号" not in ask(world.approver, "/office/plans/successions").text
    refused = ask(bureau.first.filer, "/buyer/plan/file", form(), status=422).text
    assert "撤销或合并" in refused


def test_a_plan_goes_its_whole_way_through_the_api(app, world, bureau):
    with transaction():
        school, chief = Caller(app, token_of(bureau.first.filer)), Caller(app, token_of(bureau.checker))
    year = clock.today().year
    draft = school.post(
        "plans/drafts", {"year": year, "unit_case": "own", "canteen_fen": 10_000_000, "target_fen": 1_500_000}
    )
    assert (draft["state"], draft["minimum_fen"]) == ("draft", None)
    path = f"plans/{draft['id']}"
    chief.refused("GET", path, status=404)
    assert school.post(f"{path}/file")["state"] == "filed"
    school.refused("POST", f"{path}/approve", status=403)
    assert chief.post(f"{path}/return", {"reason": "再核"})["reason"] == "再核"
    school.post(f"{path}/file")
    assert chief.post(f"{path}/approve")["state"] == "approved"
    change = {
        "from_day": clock.today().isoformat(),
        "reason": "扩招",
        "canteen_fen": 12_000_000,
        "target_fen": 1_800_000,
    }
    amendment = school.post(f"{path}/amendments", change)
    assert amendment["old_target_fen"] == 1_500_000
    decided = chief.post(f"plans/amendments/{amendment['id']}/decide", {"approved": True})
    assert decided["state"] == "approved"
    assert school.get(f"{path}/amendments")["total"] == 1
    outlook = school.get(f"{path}/outlook")
    assert (outlook["to_order_fen"], outlook["pay_by"]) == (1_800_000, f"{year}-12-20")
    progress = chief.get(f"plans/progress?year={year}")
    assert progress["total"]["target_fen"] == 1_800_000
    assert [unit["depth"] for unit in progress["units"]] == [0, 1, 1]
    assert school.get(f"{path}/lines?counted_as=union")["items"] == []


def test_parameters_and_successions_through_the_api(app, world, bureau):
    with transaction():
        other = actor(world.office.organisation, {"office_head"})
        platform = identity.add_organisation(SYSTEM, "platform", "平台", HUNAN)
        callers = [world.office, other, bureau.filer, actor(platform.id, {"platform"})]
        head, second, reader, everywhere = (Caller(app, token_of(one)) for one in callers)
    year = clock.today().year
    rule = head.post("plans/rules", {"year": year, "prefix": ZHUZHOU[:4], "minimum_bp": 1000, "source": "文件"})
    assert rule["status"] == "unconfirmed"
    head.refused("POST", f"plans/rules/{rule['id']}/confirm")
    assert second.post(f"plans/rules/{rule['id']}/confirm")["status"] == "confirmed"
    assert everywhere.post("plans/rules", {"year": year})["prefix"] == ""
    assert {one["prefix"] for one in reader.get(f"plans/rules?year={year}")["items"]} == {"", "4302"}
    asked = {"organisation_id": str(bureau.first.id), "abolished_on": clock.today().isoformat(), "document": "x"}
    head.post("plans/successions", asked)
    head.refused("POST", "plans/successions", asked)
    assert reader.get("plans/successions")["total"] == 1


def test_what_counts_only_once_it_is_reviewed_is_told_with_the_way_there(world, ask):
    year = clock.today().year
    with transaction():
        line = bought(world, world.lot(), people_of(world))[0]
        row = line.order_line_id
        h.rule(h.office(), year=year, needs_review=True)
        plan = quota.plan_of(world.requester.organisation, year).id
    shown = ask(world.requester, "/buyer/plan").text
    assert "本地要求订单评价后才计入" in shown
    assert "已结清，评价后才计入" in shown
    assert f"/buyer/order-lines/{row}/review" in shown
    assert "去评价" in ask(world.requester, "/buyer/").text
    assert "待评价" in ask(world.office, f"/office/plans/{plan}").text
    assert "待评价" in ask(world.office, "/office/plans/progress").text
    ask(world.office, "/office/plans")
    form = {"quality": "5", "packing": "5", "punctuality": "5", "words": ""}
    ask(world.requester, f"/buyer/order-lines/{row}/review", form, status=303)
    shown = ask(world.requester, "/buyer/plan").text
    assert "评价后才计入。" in shown
    assert "另有" not in shown
