"""Standing orders and festival goods, on their pages."""

import io
from datetime import timedelta

import pytest

from marketplace.core import clock, sheets
from marketplace.core.db import transaction
from marketplace.procurement import services as procurement
from marketplace.sourcing import standing, welfare

CODE = "YL-HT-0312"


def posted(**how: object) -> dict:
    today = clock.today()
    return {
        "title": "每周送菜",
        "from_day": today.isoformat(),
        "until_day": (today + timedelta(days=60)).isoformat(),
        "weekdays": ["1", "4"],
        "every_weeks": "1",
        "ahead_days": "5",
        "on_holiday": "skip",
        "counted_as": "canteen",
        "lines.0.code": CODE,
        "lines.0.quantity": "1,000 斤",
    } | how


def test_a_standing_order_is_set_up_changed_paused_and_ended(world, ask) -> None:
    assert "还没有定期订货" in ask(world.requester, "/buyer/standing").text
    answer = ask(world.requester, "/buyer/standing/new", posted(), status=303)
    url = answer.headers["Location"]
    assert "每周送菜" in ask(world.requester, url).text
    with transaction(write=False):
        row = standing.standing_orders(world.requester)[0][0]
        assert (row.weekdays, row.in_term) == ("14", False)
        assert [line.quantity for line in standing.standing_lines([row.id])[row.id]] == [500_000]
    ask(world.requester, f"{url}/edit", posted(weekdays=["2"], version="1"), status=303)
    ask(world.requester, f"{url}/edit", posted(version="1"), status=409)
    for verb in ("pause", "resume", "end"):
        ask(world.requester, f"{url}/turn", {"verb": verb}, status=303)
    ask(world.approver, url)
    ask(world.approver, f"{url}/turn", {"verb": "resume"}, status=403)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weekdays": []}, "请选每周哪几天送货"),
        ({"lines.0.code": "没有的"}, "没有编码为 没有的 的在售供应"),
        ({"lines.0.quantity": "十"}, "不是数量"),
        ({"until_day": "2001-01-01"}, "终止日期早于起始日期"),
        ({"lines.0.code": "", "lines.0.quantity": ""}, "至少要有一行数量大于零"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(world, ask, wrong: dict, words: str) -> None:
    shown = ask(world.requester, "/buyer/standing/new", posted(**wrong), status=422).text
    assert words in shown
    assert "每周送菜" in shown


def test_an_earlier_bulk_order_becomes_a_standing_one(world, ask) -> None:
    with transaction():
        draft = world.draft(150_000)
    assert 'value="150.000"' in ask(world.requester, f"/buyer/standing/new?like={draft}").text


def test_the_calendar_takes_terms_and_gives_them_back(world, ask) -> None:
    span = {"kind": "term", "name": "秋季学期", "from_day": "2026-09-01", "until_day": "2027-01-20"}
    ask(world.requester, "/buyer/calendar", span, status=303)
    assert "秋季学期" in ask(world.requester, "/buyer/calendar").text
    ask(world.requester, "/buyer/calendar", span, status=422)
    with transaction(write=False):
        one = standing.spans(world.requester.organisation)[0].id
    ask(world.requester, f"/buyer/calendar/{one}/drop", {}, status=303)


def test_festival_goods_go_from_list_to_bulk_order(world, ask) -> None:
    start = {"title": "中秋慰问", "festival": "mid_autumn", "year": str(clock.today().year), "limit_fen": "200"}
    url = ask(world.requester, "/buyer/welfare/new", start, status=303).headers["Location"]
    people = sheets.to_xlsx([["姓名", "部门", "工号"], *[[f"人{n}", "后勤", str(n)] for n in range(1, 13)]])
    ask(world.requester, f"{url}/heads", {"table": (io.BytesIO(people), "名单.xlsx")}, status=303)
    ask(world.requester, f"{url}/goods", {"lines.0.code": CODE, "lines.0.quantity": "3"}, status=303)
    page = ask(world.requester, url).text
    assert "需 36.000" in page
    assert "按包装订 40.000" in page
    assert ask(world.requester, f"{url}/list.pdf").data.startswith(b"%PDF")
    ask(world.requester, f"{url}/order", {}, status=303)
    with transaction(write=False):
        row = welfare.welfare_orders(world.requester)[0][0]
        assert procurement.requisition(world.requester, row.requisition_id).counted_as == "union"
    assert "请勾选" in ask(world.receiver, f"{url}/sign", {}, status=422).text
    ask(world.receiver, f"{url}/sign", {"numbers": ["1"]}, status=422)
    ask(world.manager, url, status=404)


def test_a_list_with_a_name_twice_is_told_by_row(world, ask) -> None:
    start = {"title": "春节慰问", "festival": "spring", "year": str(clock.today().year), "limit_fen": "200"}
    url = ask(world.requester, "/buyer/welfare/new", start, status=303).headers["Location"]
    shown = ask(world.requester, f"{url}/heads", {"pasted": "姓名,部门\n王一,后勤\n王一,后勤"}, status=422).text
    assert "与前面的一行重复" in shown
