"""The pages of paying out: each opens in every state, tells its figures, and keeps what was wrong."""

import io
from datetime import timedelta

from marketplace.attribution import services as attribution
from marketplace.core import clock, sheets
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.identity.models import User
from marketplace.notices import services as notices
from tests.attribution.test_payouts import result
from tests.factories.world import give_payees


def settled(world):
    world.settled(world.extra["lot"], 200_000)
    give_payees(world)


def test_a_draft_is_shown_beside_the_run_before_and_by_village(app, world, ask):
    with transaction():
        settled(world)
        first = world.distributed()
        with world.after_notice(first):
            world.settled(world.lot(papers=True), 100_000)
            row = attribution.prepare(world.clerk, clock.today())
    page = ask(world.manager, f"/supplier/distributions/{row.id}").text
    assert "各户，与上期对照" in page
    assert "12.00" in page  # before
    assert "批准" in page
    assert "only=gone" not in page
    less = ask(world.manager, f"/supplier/distributions/{row.id}?only=less").text
    assert less.count("bf-link-row") >= 4
    village = attribution.by_village(row.id)[0].division
    assert ask(world.manager, f"/supplier/distributions/{row.id}?village={village}").status_code == 200
    ask(world.manager, f"/supplier/distributions/{row.id}?only=nonsense&page=99")


def test_a_proposed_draft_is_adopted_by_one_and_approved_by_another(app, world, ask):
    with transaction():
        settled(world)
    following = (clock.today().replace(day=1) + timedelta(days=32)).replace(day=2)
    with clock.fixed(clock.at(following)):
        with transaction():
            row = attribution.propose_month_end(world.manager.organisation)
        url = f"/supplier/distributions/{row.id}"
        assert "核对认领" in ask(world.clerk, url).text
        assert "认领" in ask(world.clerk, "/supplier/distributions").text
        ask(world.clerk, f"{url}/adopt", {}, status=303)
        ask(world.manager, f"{url}/approve", {}, status=303)
        assert "公示" in ask(world.manager, url).text


def test_a_large_lists_page_says_how_far_its_job_is(app, world, ask):
    with transaction():
        settled(world)
        row = attribution.prepare(world.clerk, clock.today(), at_once=False)
    assert "可以离开" in ask(world.clerk, f"/supplier/distributions/{row.id}").text
    assert "编制中" in ask(world.clerk, "/supplier/distributions").text


def test_bank_file_and_result_by_page(app, world, ask):
    with transaction():
        settled(world)
        id_ = world.distributed()
    url = f"/supplier/distributions/{id_}"
    form = {"distribution_id": id_, "template": "generic-xlsx"}
    assert "公示期未满" in ask(world.clerk, "/supplier/bank-files", form, status=422).text
    with world.after_notice(id_):
        location = ask(world.clerk, "/supplier/bank-files", form, status=303).location
        page = ask(world.clerk, location).text
        assert "等银行结果" in page
        assert "48.00" in page
        assert "在银行" in ask(world.clerk, url).text
        with transaction(write=False):
            file = attribution.bank_files(world.clerk)[0][0]
            bad = result(file.id, n1={"amount": "1.00"})
            good = result(file.id, n2={"state": "失败", "reason": "销户"})
        assert "1 行不对" in upload(ask, world, bad, status=422)
        assert "应为 ¥12.00" in upload(ask, world, bad, status=422)
        assert "好的 3 行已登记" in upload(ask, world, bad, good_only="1")
        ask(world.clerk, "/supplier/bank-files")
        # n2 was booked paid by the first file: what the bank says now is refused row by row
        assert "已经兑付" in upload(ask, world, good, status=422)
        assert "只列" not in ask(world.clerk, location).text
        assert "没有重复登记" in upload(ask, world, bad)
        # a token is no fresh sign-in: the full numbers are not given
        assert "/account/confirm" in ask(world.manager, location, {"reason": "送银行"}, status=303).location


def upload(ask, world, content: bytes, status: int = 200, **more: str) -> str:
    form = {"file": (io.BytesIO(content), "结果.xlsx"), "paid_on": clock.today().isoformat(), **more}
    return ask(world.clerk, "/supplier/bank-results", form, status=status).text


def test_failed_payouts_are_retried_and_open_ones_taken_back(app, world, ask):
    with transaction():
        settled(world)
        id_ = world.distributed()
    with world.after_notice(id_):
        with transaction():
            file = attribution.make_bank_file(world.clerk, template="generic-csv", distribution_id=id_)
            rejected = {f"n{n}": {"state": "失败", "reason": "销户"} for n in (1, 2)}
            attribution.read_result(world.clerk, "r.xlsx", result(file.id, **rejected))
        with transaction(write=False):
            failed = [row.id for row in attribution.payouts_of(id_) if row.state == "failed"]
        page = ask(world.clerk, "/supplier/payouts?state=failed").text
        assert page.count("销户") == 2
        assert "至少选一户" in ask(world.clerk, "/supplier/payouts/retry", {}, status=422).text
        ask(world.clerk, "/supplier/payouts/retry", {"payouts": failed, "channel": "cash"}, status=303)
        assert "理由" in ask(world.manager, "/supplier/payouts/take-back", {"payouts": failed[:1]}, status=422).text
        ask(world.manager, "/supplier/payouts/take-back", {"payouts": failed[:1], "reason": "错户"}, status=303)
        ask(world.clerk, "/supplier/payouts/take-back", {"payouts": failed[1:], "reason": "错户"}, status=403)
        for state in ("to_pay", "held", "sent", "failed", "paid", "void", "nonsense"):
            ask(world.clerk, f"/supplier/payouts?state={state}")
    with transaction(write=False):
        assert sorted(row.state for row in attribution.payouts_of(id_)) == ["paid", "paid", "to_pay", "void"]


def test_the_pay_list_is_masked_in_every_format(app, world, ask):
    with transaction():
        settled(world)
        id_ = world.distributed()
    url = f"/supplier/distributions/{id_}/list"
    page = ask(world.clerk, url).text
    assert "身份证号" in page
    assert "****" in page
    assert "9999000000" not in page
    rows = sheets.read(ask(world.clerk, f"{url}.xlsx").data)[0].rows
    assert rows[0][:4] == ["序号", "村", "组（社）", "户主"]
    assert len(rows) == 6
    assert rows[-1][0] == "合计"
    assert ask(world.clerk, f"{url}.csv").text.count("****") == 8
    assert ask(world.clerk, f"{url}.pdf").data.startswith(b"%PDF-1.7")
    assert "/account/confirm" in ask(world.manager, url, {"reason": "报送乡镇", "format": "pdf"}, status=303).location


def test_a_notice_is_read_by_anybody_and_takes_an_objection(app, world, ask, client):
    with transaction():
        settled(world)
        id_ = world.distributed()
        notice = notices.of_subject("distribution", id_)[0]
    page = client.get(f"/notices/{notice.id}")
    assert page.status_code == 200
    assert "张*1" in page.text or "张*0" in page.text
    assert not any(f"张三{n}" in page.text for n in range(4))
    assert client.get(f"/notices/{notice.id}.pdf").data.startswith(b"%PDF")
    assert notice.number in client.get("/notices").text
    with transaction():
        row = notices.raise_objection(notice.id, line_no=1, words="少了一筐", contact="13800001111")
    answer_url = f"/supplier/objections/{row.id}"
    assert "少了一筐" in ask(world.manager, answer_url).text
    assert "13800001111" not in ask(world.manager, answer_url).text
    assert row.number in ask(world.manager, "/supplier/objections").text
    ask(world.manager, f"{answer_url}/answer", {"words": ""}, status=422)
    ask(world.manager, f"{answer_url}/answer", {"words": "已核对"}, status=303)
    office = f"/office/objections/{row.id}"
    assert "已核对" in ask(world.office, office).text
    ask(world.office, f"{office}/decision", {"words": "x"}, status=422)
    ask(world.office, f"{office}/decision", {"upheld": "true", "words": "属实"}, status=303)
    assert "整改完成" in ask(world.office, office).text
    ask(world.office, f"{office}/settlement", {"words": "补记了"}, status=303)
    assert "已整改" in ask(world.office, "/office/objections?state=settled").text
    form = f"/office/notices/{notice.id}/object"
    assert "代登记异议" in ask(world.office, form).text
    ask(world.office, form, {"words": "张家没有这么多", "line_no": "99"}, status=422)
    ask(world.office, form, {"words": "张家没有这么多", "line_no": "1"}, status=303)


def test_the_officer_witnesses_by_page(app, world, ask):
    from tests.factories.people import office

    with transaction():
        settled(world)
        row = attribution.prepare(world.manager, clock.today())
        officer = office()
        for user in identity.users_of(world.manager, world.manager.organisation):
            if user.id != world.manager.user:
                app_user = user
                assert isinstance(app_user, User)
                app_user.active = False
    assert row.number in ask(officer, "/office/objections").text
    assert "见证批准" in ask(officer, f"/office/witness/{row.id}").text
    ask(officer, f"/office/witness/{row.id}", {}, status=303)
    with transaction(write=False):
        assert attribution.distribution(world.manager, row.id).state == "approved"
