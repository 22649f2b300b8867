"""Spreadsheets in and out: numbers that must stay text, formulas that must not run, files that must not be opened."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter

from marketplace.core.errors import Refused
from marketplace.core.sheets import MB, Limits, read, to_csv_bytes, to_xlsx

pytestmark = pytest.mark.unit
SHEET = "xl/worksheets/sheet1.xml"
ROWS = [
    ["姓名", "身份证号", "金额", "日期", "备注"],
    ["张三", "430225199001011234", Decimal("1234.50"), date(2026, 8, 31), "=HYPERLINK(1)"],
    ["李四", "43022519900101123X", 7, None, "+1"],
]


def refused(content: bytes, limits: Limits | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        read(content, limits)
    return caught.value


def test_an_eighteen_digit_number_comes_back_as_it_went():
    [sheet] = read(to_xlsx(ROWS, "花名册"))
    assert sheet.name == "花名册"
    assert sheet.rows[1][:4] == ["张三", "430225199001011234", "1234.5", "2026-08-31"]
    assert sheet.rows[2][:4] == ["李四", "43022519900101123X", "7", ""]


@pytest.mark.parametrize("make", [to_xlsx, to_csv_bytes])
def test_a_formula_is_written_as_text(make):
    """Red when strings_to_formulas is left on, or the mark before it is not written."""
    content = make(ROWS)
    if content.startswith(b"PK"):
        sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert read(content)[0].rows[1][4] == "'=HYPERLINK(1)"
    else:
        assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1][4] == "'=HYPERLINK(1)"
        assert read(content)[0].rows[1][4] == "=HYPERLINK(1)"


def test_a_bank_that_reads_gbk_gets_gbk():
    content = to_csv_bytes(ROWS, "gbk")
    assert content.decode("gb18030").startswith("姓名,身份证号")
    assert read(content)[0].rows[0][0] == "姓名"


def test_a_number_that_the_spreadsheet_rounded_is_refused():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_number(1, 1, 430225199001011234)
    error = refused(out.getvalue())
    assert (error.code, error.row) == ("sheet_number_rounded", 2)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        (b"  \n ", "sheet_empty"),
        (b"%PDF-1.7 x", "sheet_type"),
        (b"\xd0\xcf\x11\xe0old", "sheet_type"),
        (b"a\0b", "sheet_type"),
        (b"PK\x03\x04broken", "sheet_unreadable"),
        (b"x" * (8 * MB + 1), "sheet_too_large"),
        (b"\xff\xfe\xff\xff\xff", "sheet_encoding"),
    ],
)
def test_what_is_no_spreadsheet_is_refused(content, code):
    assert refused(content).code == code


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def test_a_bomb_is_refused_before_it_is_parsed():
    assert refused(packed(**{"xl__workbook.xml": b"0" * (65 * MB)})).code == "sheet_bomb"
    assert refused(packed(**{"xl__workbook.xml": b"<x/>", "xl__a.xml": b"0" * (30 * MB)})).code == "sheet_bomb"
    many = {"xl__workbook.xml": b"<x/>"} | {f"xl__{n}.xml": b"<x/>" for n in range(400)}
    assert refused(packed(**many)).code == "sheet_bomb"


def test_a_zip_that_is_no_workbook_is_refused():
    assert refused(packed(**{"readme.txt": b"hello"})).code == "sheet_type"


def workbook(change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A workbook of one cell whose parts were changed by hand."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_string(0, 0, "a")
    with zipfile.ZipFile(out) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    return packed(**{name.replace("/", "__"): body for name, body in parts.items()})


def corner(parts: dict[str, bytes]) -> None:
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", far)


def elsewhere(parts: dict[str, bytes]) -> None:
    """The same in a folder of another name."""
    corner(parts)
    parts["xl/other/sheet1.xml"] = parts.pop(SHEET)
    for name in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
        parts[name] = parts[name].replace(b"worksheets/", b"other/")


def unplaced(parts: dict[str, bytes]) -> None:
    """Cells that name no place of their own: 16,384 in the first row, one in the last."""
    far = b'<row r="1">' + b"<c><v>1</v></c>" * 16384 + b'</row><row r="1048576"><c><v>1</v></c></row></sheetData>'
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", far)


def copied(parts: dict[str, bytes]) -> None:
    """One long text in 5,000 cells."""
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (row, row) for row in range(2, 5002))
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", rows + b"</sheetData>")
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(b">a<", b">" + b"a" * 900_000 + b"<")


@pytest.mark.parametrize(
    ("change", "code"),
    [(corner, "sheet_too_many"), (elsewhere, "sheet_bomb"), (unplaced, "sheet_bomb"), (copied, "sheet_bomb")],
)
def test_cells_that_would_fill_the_memory_are_refused_and_take_nothing_else_with_them(change, code):
    """The first is red when the reach of the cells is not looked at. The others end pytest itself when the workbook is
    parsed in the process that asks, or when the one of its own has no limit of memory."""
    assert refused(workbook(change)).code == code


def test_a_value_that_is_more_text_than_a_file_may_hold_is_refused():
    """Red when the texts are not counted: a thousand copies of a text pass where a million do not."""
    assert refused(to_xlsx([["a" * 1000]] * 100), Limits(unpacked=10**5 - 1, ratio=10**6)).code == "sheet_bomb"


def test_rows_columns_and_sheets_are_bounded():
    assert refused(to_xlsx([["a"]] * 30), Limits(rows=20)).code == "sheet_too_many"
    assert refused(to_csv_bytes([["a"]] * 30), Limits(rows=20)).code == "sheet_too_many"
    assert refused(to_csv_bytes([["a"] * 30]), Limits(columns=20)).code == "sheet_too_many"
