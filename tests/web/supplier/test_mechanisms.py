"""The pages of dated income, advances, surplus and late costs: each form's success and its refusal, by row."""

import io
import re
from uuid import UUID

import pytest

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.core.sheets import to_xlsx
from marketplace.households import services as households
from marketplace.linkage import services as linkage
from tests.factories.world import start_agreement

TODAY = clock.today().isoformat


def read(call):
    with transaction(write=False):
        return call()


@pytest.fixture
def codes(world) -> list[str]:
    return read(lambda: [households.by_ids(world.households)[id_].code for id_ in world.households])


@pytest.fixture
def pieces(world) -> UUID:
    with transaction():
        return start_agreement(world.manager, world.households, kind="piece_wage", rate_fen=35)


def flow_rows(world) -> list:
    return read(lambda: linkage.flows(world.clerk)[0])


def test_a_days_piece_work_is_recorded_as_a_table(app, world, ask, pieces, codes):
    form = {"agreement_id": pieces, "day": TODAY(), "evidence": "计件单 1"}
    form |= {"flows.0.household": codes[0], "flows.0.quantity": "412", "flows.0.member": "张小一"}
    wrong = form | {"flows.3.household": "没有这户", "flows.3.quantity": "5"}
    page = ask(world.clerk, "/supplier/flows/new", wrong, status=422).text
    assert "第 4 行" in page
    assert 'value="412"' in page
    assert flow_rows(world) == []
    assert (
        "应与协议一致" in ask(world.clerk, "/supplier/flows/new", form | {"flows.0.rate_fen": "0.36"}, status=422).text
    )
    answer = ask(world.clerk, "/supplier/flows/new", form, status=303)
    assert [row.fen for row in flow_rows(world)] == [14_420]
    assert "144.20" in ask(world.clerk, answer.location).text
    assert "已在" in ask(world.clerk, "/supplier/flows/new", form, status=422).text  # the same sheet once more


@pytest.mark.parametrize("as_file", [False, True])
def test_a_pasted_or_uploaded_sheet_fills_the_table_before_it_counts(app, world, client, ask, pieces, codes, as_file):
    rows = [["户号", "件数", "务工人"], [codes[0], "412", "张小一"], ["不认识", "9", ""], [codes[1], "300", ""]]
    form = {"agreement_id": str(pieces), "day": TODAY(), "evidence": "计件单 2", "read": "1"}
    if as_file:
        form["table"] = (io.BytesIO(to_xlsx(rows)), "计件.xlsx")
    else:
        form["pasted"] = "\n".join("\t".join(row) for row in rows)
    page = ask(world.clerk, "/supplier/flows/new", form).text
    assert flow_rows(world) == []
    typed = dict(re.findall(r'name="(flows\.\d\.\w+)" value="([^"]*)"', page))
    assert (typed["flows.1.household"], typed["flows.2.quantity"]) == ("不认识", "300")
    form = {"agreement_id": str(pieces), "day": TODAY(), "evidence": "计件单 2"} | typed
    assert "第 2 行" in ask(world.clerk, "/supplier/flows/new", form, status=422).text
    ask(world.clerk, "/supplier/flows/new", form | {"flows.1.household": "", "flows.1.quantity": ""}, status=303)
    assert sorted(row.fen for row in flow_rows(world)) == [10_500, 14_420]


@pytest.mark.parametrize("table", [b"%PDF-1.4 no sheet", b"", b"\x00\x01\x02"])
def test_a_file_that_is_no_sheet_is_refused_in_words(app, world, ask, pieces, table):
    form = {"agreement_id": str(pieces), "day": TODAY(), "read": "1", "table": (io.BytesIO(table), "a.xlsx")}
    assert "bf-summary" in ask(world.clerk, "/supplier/flows/new", form, status=422).text


def test_a_wrong_entry_is_taken_back_on_its_page(app, world, ask, pieces):
    with transaction():
        [row] = linkage.record_flows(
            world.clerk, pieces, clock.today(), [linkage.Entry(world.households[0], quantity=1_000)], evidence="单 1"
        )
    url = f"/supplier/flows/{row.id}"
    assert "必须填写" in ask(world.clerk, url, {}, status=422).text
    ask(world.clerk, url, {"reason": "写错户"}, status=303)
    assert "已更正" in ask(world.clerk, url).text
    assert "已经更正过" in ask(world.clerk, url, {"reason": "又"}, status=422).text


def test_an_advance_is_given_and_deducted_on_the_next_slip(app, world, ask, codes):
    form = {"household": codes[0], "fen": "200", "given_on": TODAY(), "method": "cash", "evidence": "借据 1"}
    assert "必须填写" in ask(world.clerk, "/supplier/advances/new", form | {"evidence": ""}, status=422).text
    assert "没有这一户" in ask(world.clerk, "/supplier/advances/new", form | {"household": "陌生"}, status=422).text
    url = ask(world.clerk, "/supplier/advances/new", form, status=303).location
    scale = ask(world.clerk, f"/supplier/slips/new?household={world.households[0]}").text
    assert "还有 ¥200.00 未抵" in scale
    slip = {
        "agreement_id": world.agreement,
        "household_id": world.households[0],
        "day": TODAY(),
        "item": "黄桃",
        "unit": "千克",
        "gross": "62",
        "tare": "2",
        "price_fen": "6.80",
        "deduction_fen": "200.01",
    }
    assert "还有 ¥200.00 未抵" in ask(world.clerk, "/supplier/slips/new", slip, status=422).text
    ask(world.clerk, "/supplier/slips/new", slip | {"deduction_fen": "150"}, status=303)
    page = ask(world.clerk, url).text
    assert "¥50.00" in page
    assert "过磅单扣款" in page
    ask(world.clerk, url, {"fen": "50", "day": TODAY(), "evidence": "收据"}, status=303)
    assert "已抵完" in ask(world.clerk, url).text


def test_a_surplus_is_prepared_by_one_and_approved_by_another(app, world, ask, codes):
    with transaction():
        agreement = start_agreement(world.manager, world.households, kind="surplus")
    form = {
        "agreement_id": agreement,
        "year": str(clock.today().year),
        "resolution": "1 号",
        "resolved_on": TODAY(),
        "profit_fen": "400000",
        "reserves_fen": "40000",
        "volume_basis_points": "70",
    }
    for number, code in enumerate(codes[:2]):
        form |= {
            f"members.{number}.household": code,
            f"members.{number}.volume": "100",
            f"members.{number}.capital": "10",
        }
    url = "/supplier/surplus/new"
    assert "决议文件" in ask(world.clerk, url, form, status=422).text
    paper = {"file": (io.BytesIO(b"%PDF-1.4 signed"), "决议.pdf")}
    assert "不能低于" in ask(world.clerk, url, form | {"volume_basis_points": "59.99"} | paper, status=422).text
    paper = {"file": (io.BytesIO(b"%PDF-1.4 signed"), "决议.pdf")}
    twice = form | {"members.1.household": codes[0]} | paper
    assert "重复" in ask(world.clerk, url, twice, status=422).text
    paper = {"file": (io.BytesIO(b"%PDF-1.4 signed"), "决议.pdf")}
    made = ask(world.clerk, url, form | paper, status=303).location
    page = ask(world.manager, made).text
    assert "180,000.00" in page
    ask(world.clerk, f"{made}/approve", {}, status=403)
    ask(world.manager, f"{made}/approve", {}, status=303)
    assert sum(row.fen for row in flow_rows(world)) == 36_000_000
    assert "已批" in ask(world.manager, "/supplier/surplus").text


def test_a_late_cost_is_recorded_for_some_of_the_lots_households(app, world, ask):
    lot = world.extra["lot"]
    url = f"/supplier/lots/{lot}/revise"
    form = {"day": TODAY(), "reason": "行情补差", "evidence": "协议 3"}
    for number, household in enumerate(world.households):
        form[f"shares.{number}.household_id"] = household
    assert "至少填一户" in ask(world.clerk, url, form, status=422).text
    ask(world.clerk, url, form | {"shares.1.fen": "12.34", "shares.3.fen": "5"}, status=303)
    page = ask(world.clerk, f"/supplier/lots/{lot}").text
    assert "含补差 ¥17.34" in page
    assert "行情补差" in page


@pytest.mark.parametrize(
    "path", ["flows", "flows/new", "flows?kind=rent&only=open", "advances", "advances/new", "surplus", "surplus/new"]
)
def test_pages_without_anything_say_what_comes_first(app, world, ask, path):
    assert "<h1" in ask(world.manager, f"/supplier/{path}").text


def test_the_list_is_exported_as_it_is_filtered(app, world, ask, pieces):
    with transaction():
        linkage.record_flows(
            world.clerk, pieces, clock.today(), [linkage.Entry(world.households[0], quantity=1_000)], evidence="=1+1"
        )
    text = ask(world.clerk, "/supplier/flows?format=csv&kind=piece_wage").text
    assert "'=1+1" in text
    assert "0.35" in text
    assert ask(world.clerk, "/supplier/flows?format=csv&kind=rent").text.count("\n") == 1
