"""Sheets open right in a spreadsheet and run nothing there."""

from decimal import Decimal

from marketplace.cli.report import HEADS
from marketplace.core.db import transaction
from marketplace.core.sheets import to_csv
from marketplace.reporting import services as reporting
from marketplace.reporting import sheets
from marketplace.reporting.volume import Figures, Report, Row
from tests.factories.world import World

ASKED = reporting.Asked(202601, 202611)


def test_text_that_begins_like_a_formula_is_marked() -> None:
    assert to_csv([["=HYPERLINK(1)", " @x", "-1", "桃", Decimal("-1.50"), None]]) == (
        "\ufeff'=HYPERLINK(1),' @x,'-1,桃,-1.50,\r\n"
    )


def test_a_hidden_cell_shows_no_figure_that_tells_of_its_households() -> None:
    row = Row("4302", "株洲市", Figures(settled_fen=100, owed_fen=50, received_fen=20), hide="few")
    report = Report(ASKED, "origin", [row], row.figures, [], hide_total=True, shared=True)
    sheet = sheets.volume_sheet(report, "产地", HEADS, "合计")
    assert "4302,株洲市,0.00,0.00,1.00,,＊,＊,＊,＊,<5" in sheet
    assert "0.50" not in sheet


def test_the_command_prints_the_report_and_its_csv(app) -> None:
    with transaction():
        world = World.build()
        world.settled(world.lot())
    shown = app.test_cli_runner().invoke(args=["report", "volume", "--by", "supplier"])
    assert "炎陵县桃源合作社" in shown.output
    assert "2,400.00" in shown.output
    sheet = app.test_cli_runner().invoke(args=["report", "volume", "--by", "origin", "--format", "csv"])
    assert sheet.output.splitlines()[-1].startswith("total,,2400.00,2400.00,2400.00")
    refused = app.test_cli_runner().invoke(args=["report", "volume", "--from", "202613"])
    assert refused.exit_code == 1
    assert "not_a_month" in refused.output
