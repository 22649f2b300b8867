"""Every page of offices, auditors and the platform opens with real rows and shows its key figure."""

import re

import pytest

from marketplace.accreditation import services as accreditation
from marketplace.core import clock
from marketplace.core.db import transaction


def test_every_page_of_an_office_opens_with_its_figures(world, ask):
    office = world.office
    with transaction(write=False):
        grant = accreditation.listed(office)[0].id
    for url, figure in {
        "/office/": "¥2,400.00",
        "/office/volume": "¥2,400.00",
        "/office/volume?by=supplier": "炎陵县桃源合作社",
        "/office/volume?by=buyer": "茶陵县沿河中学",
        "/office/volume?by=category": "黄桃",
        "/office/volume?by=channel": "帮扶平台",
        "/office/volume?by=month": "2,400.00",
        "/office/volume?origin=430225103": "梅岗村",
        "/office/volume?by=month&from=2020-01&to=2020-02": "这些条件下没有数字",
        "/office/volume/households": "一户只计一次",
        "/office/suppliers": "2,400.00",
        f"/office/suppliers/{world.extra['supplier']}": "¥2,400.00",
        "/office/grants": "炎陵黄桃",
        f"/office/grants/{grant}": "商品价值量",
        "/office/grants/new": "列出产品",
        f"/office/grants/new?supplier={world.extra['supplier']}": "YL-HT-0312",
        "/office/plans": "茶陵县沿河中学",
        f"/office/plans/{world.plan}": "2,400.00",
        "/office/plans/new": "登记",
        "/office/households": "张三0",
        "/office/households?q=张三1&village=430225103": "张三1",
        "/office/households/new": "道任村",
        f"/office/households/{world.households[0]}": "收入明白账",
        "/office/findings": "没有疑点",
        "/office/orders": "已结清",
        f"/office/orders/{world.extra['order']}": "¥2,400.00",
        "/office/bills": "结算单",
        "/office/bills?group=to_pay": "600.00",
    }.items():
        assert figure in ask(office, url).text, url


@pytest.mark.parametrize("figure", ["ordered", "accepted", "settled", "attributed", "owed", "received"])
def test_a_figure_of_the_page_opens_to_rows_that_sum_to_it(world, ask, figure):
    page = ask(world.office, "/office/volume").text
    shown = {
        found[0]: found[1]
        for found in re.findall(r'href="/office/volume/rows\?figure=(\w+)&[^"]*">¥?([\d,.]+)</a>', page)
    }
    rows = ask(world.office, f"/office/volume/rows?figure={figure}").text
    assert f">¥{shown[figure]}<" in rows
    sheet = ask(world.office, f"/office/volume/rows?figure={figure}&format=csv").text.splitlines()
    money = sum(round(float(line.rsplit(",", 1)[1]) * 100) for line in sheet[1:])
    assert money == round(float(shown[figure].replace(",", "")) * 100)


def test_a_statement_opens_to_the_order_lines_that_carried_it(world, ask):
    url = f"/office/households/{world.households[0]}"
    page = ask(world.office, f"{url}?month={clock.today():%Y-%m}").text
    assert "收条 1" in page
    assert "张三0" in page
    # what the pools brought it, and what it is owed: its slip, and its part of the dividend
    for fen in ("¥8.00", "¥226.6", "¥5.00"):
        assert fen in page
    assert "本户权重 1/6" in page
    lines = re.search(rf'href="({url}/pools/[^"]+)"', page)
    assert "SO-" in ask(world.office, lines[1].replace("&amp;", "&")).text


def test_names_are_masked_for_who_need_not_know_them(world, ask):
    assert "张三0" in ask(world.extra["county"], "/office/households").text
    auditor = ask(world.extra["auditor"], "/office/households").text
    assert "张三0" not in auditor
    assert "张＊0" in auditor


def test_an_office_reads_nothing_of_the_place_beside_it(world, ask):
    beside = world.extra["beside"]
    ask(beside, f"/office/households/{world.households[0]}", status=404)
    assert "张" not in ask(beside, "/office/households").text.split("<main", 1)[1]
    # it bought from there: it sees the lines, and counts households without listing them
    lines = ask(beside, "/office/volume?origin=all&by=supplier").text
    assert "¥2,400.00" in lines
    households = ask(beside, "/office/volume/households?origin=all").text
    assert "本辖区以外" in households
    assert "430225-" not in households
    own = ask(beside, "/office/volume").text
    assert "¥2,400.00" not in own


def test_the_auditor_reads_the_trail_and_nobody_else_does(world, ask):
    auditor = world.extra["auditor"]
    for url, word in {
        "/office/": "¥2,400.00",
        "/office/trail": "bill.settle",
        "/office/trail?verb=bill.settle": "只增不改",
        f"/office/trail?object_id={world.extra['order']}": "shipment.send",
        "/office/volume": "湖南省",
        "/office/households": "农户",
    }.items():
        assert word in ask(auditor, url).text, url
    ask(world.office, "/office/trail", status=403)
    ask(world.extra["platform"], "/office/trail", status=403)


def test_the_platform_opens_its_registers_and_no_household(world, ask):
    platform = world.extra["platform"]
    for url, word in {
        "/office/": "¥2,400.00",
        "/office/organisations": "茶陵县沿河中学",
        "/office/organisations?kind=supplier&q=桃源": "炎陵县桃源合作社",
        "/office/organisations/new": "登记单位",
        f"/office/organisations/{world.extra['supplier']}": "供应商负责人",
        "/office/users": "登录名",
    }.items():
        assert word in ask(platform, url).text, url
    ask(platform, "/office/households", status=403)
    ask(platform, f"/office/households/{world.households[0]}", status=403)
    ask(world.office, "/office/organisations", status=403)


def test_what_the_url_asks_wrongly_is_refused_in_words(world, ask):
    for url in (
        "/office/volume?from=2026-13",
        "/office/volume?from=2026-05&to=2026-04",
        "/office/volume?origin=43x",
        "/office/volume?buyer=nobody",
        "/office/volume?by=secret",
        "/office/volume/rows?figure=secret",
    ):
        ask(world.office, url, status=422)


def test_everybody_reads_the_results_without_small_cells(world, client):
    for by in ("origin", "category", "month"):
        page = client.get(f"/results?by={by}")
        assert page.status_code == 200
        assert "¥2,400.00" in page.text
    assert client.get("/results?by=buyer").status_code == 422
    assert client.get("/results?origin=430225103201").status_code == 422
    assert client.get("/results?format=csv").text.startswith("\ufeff")
