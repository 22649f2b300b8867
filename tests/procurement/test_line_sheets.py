"""Order lines out of a spreadsheet."""

import io

import pytest
import xlsxwriter

from marketplace.core import sheets
from marketplace.core.db import transaction
from marketplace.core.errors import Refused
from marketplace.procurement import services as procurement
from tests.factories.world import World, list_offer

CODE, OTHER = "YL-HT-0312", "YL-HT-0399"


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build()
        world.extra["other"] = list_offer(world.manager, world.product, OTHER)
        world.extra["draft"] = world.draft()
    return world


def sheet(*rows: tuple, title: bool = False) -> bytes:
    head = [["九月采购清单", "", "", ""]] if title else []
    return sheets.to_xlsx([*head, ["编码", "数量", "单位", "理由"], *rows])


def kept(world: World) -> dict:
    with transaction(write=False):
        return {line.offer_id: line.quantity for line in procurement.requisition_lines(world.extra["draft"])}


def take(world: World, content: bytes, **how: bool):
    with transaction():
        return procurement.take_sheet(world.requester, world.extra["draft"], content, **how)


def test_a_sheet_sets_what_it_names_and_reading_it_again_changes_nothing(world: World) -> None:
    """Red when quantities are added to those that stand, or the draft's other lines are dropped."""
    content = sheet((OTHER, 300, "千克", ""), title=True)
    assert take(world, content).taken == take(world, content).taken == 1
    assert kept(world) == {world.offer: 200_000, world.extra["other"]: 300_000}


def test_numbers_as_text_and_units_of_weight_are_read(world: World) -> None:
    take(world, sheet((CODE, "1,250.5", "", ""), (OTHER.lower(), "1", "吨", "")))
    assert kept(world) == {world.offer: 1_250_500, world.extra["other"]: 1_000_000}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("没有的", 10, "", ""), "code_unknown"),
        (("", 10, "", ""), "code_missing"),
        ((OTHER, "", "", ""), "not_a_quantity"),
        ((OTHER, "十箱", "", ""), "not_a_quantity"),
        ((OTHER, 10, "箱", ""), "not_a_quantity"),
        ((OTHER, -5, "", ""), "not_a_quantity"),
        ((OTHER, 0, "", ""), "quantity_zero"),
        ((OTHER, "=1+1", "", ""), "not_a_quantity"),
        ((OTHER, "1.2345", "", ""), "too_many_decimals"),
        ((CODE, 30, "", ""), "line_twice"),
    ],
)
def test_a_bad_row_keeps_the_whole_sheet_out_until_asked_for_the_good_ones(world: World, row: tuple, code: str) -> None:
    content = sheet((CODE, 500, "千克", ""), row)
    answer = take(world, content)
    assert (answer.rows, answer.taken) == (2, 0)
    assert [(problem.code, problem.row) for problem in answer.problems] == [(code, 3)]
    assert kept(world) == {world.offer: 200_000}
    assert take(world, content, good_only=True).taken == 1
    assert kept(world) == {world.offer: 500_000}


def test_a_merged_cell_is_told_at_the_row_that_it_leaves_empty(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["编码", "数量"])
        page.merge_range(1, 0, 2, 0, CODE)
        page.write(1, 1, 100)
        page.write(2, 1, 200)
    answer = take(world, out.getvalue())
    assert [(problem.code, problem.row) for problem in answer.problems] == [("code_missing", 3)]


def test_a_formula_counts_as_the_value_that_the_file_holds(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["编码", "数量"])
        page.write(1, 0, OTHER)
        page.write_formula(1, 1, "=100*3", None, 300)
    take(world, out.getvalue())
    assert kept(world)[world.extra["other"]] == 300_000


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        ("名称,多少\n桃,3\n".encode(), "sheet_heads_missing"),
        ("编码,数量\n".encode(), "no_lines"),
        (b"%PDF-1.7", "sheet_type"),
        (("编码,数量\n" + "A,1\n" * 100_000).encode(), "sheet_too_many"),
    ],
)
def test_what_is_no_sheet_of_lines_is_refused_whole(world: World, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        take(world, content)
    assert refused.value.code == code
    assert kept(world) == {world.offer: 200_000}
