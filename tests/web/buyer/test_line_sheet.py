"""A bulk order's lines out of a spreadsheet, on the page."""

import io
import re

from marketplace.core import sheets
from marketplace.core.db import transaction
from marketplace.procurement import services as procurement


def test_the_page_shows_each_bad_row_and_its_second_button_takes_the_good_ones(world, ask) -> None:
    with transaction():
        draft = world.draft()
    url = f"/buyer/requisitions/{draft}/sheet"
    assert "编码" in ask(world.requester, url).text
    content = sheets.to_xlsx([["编码", "数量"], ["YL-HT-0312", 450], ["没有的", 1]])
    shown = ask(world.requester, url, {"file": (io.BytesIO(content), "lines.xlsx")}, status=422).text
    assert "没有编码为 没有的 的在售供应" in shown
    carried = re.search(r'name="content" value="([^"]+)"', shown)[1]
    ask(world.requester, url, {"do": "good", "content": carried}, status=303)
    with transaction(write=False):
        assert [line.quantity for line in procurement.requisition_lines(draft)] == [450_000]


def test_no_file_and_rubbish_are_told_on_the_page(world, ask) -> None:
    with transaction():
        draft = world.draft()
    url = f"/buyer/requisitions/{draft}/sheet"
    for form in ({}, {"content": "no base64"}, {"file": (io.BytesIO(b"\0\1"), "x.xlsx")}):
        ask(world.requester, url, form, status=422)
    ask(world.approver, url, status=403)


def test_the_empty_sheet_has_the_heads_that_are_read(world, ask) -> None:
    rows = sheets.read(ask(world.requester, "/buyer/requisitions/sheet.xlsx").data)[0].rows
    assert rows[0][:2] == ["编码", "数量"]
