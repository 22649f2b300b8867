"""Owed against received: an office sees who lives in its place, and drills from supplier or place to the household."""

import re

from marketplace.attribution import services as attribution
from marketplace.core.db import transaction
from tests.factories.world import TOWNSHIP, VILLAGES


def main_of(page) -> str:
    return page.text.split("<main", 1)[1]


def test_owed_and_received_open_from_the_supplier_to_a_household(world, ask):
    supplier = world.extra["supplier"]
    with transaction(write=False):
        rows, total = attribution.owing_by_household(supplier, only="all")
    page = main_of(ask(world.office, "/office/owing"))
    assert f"{sum(row.owed_fen for row in rows) / 100:,.2f}" in page
    assert f"{sum(row.payable_fen for row in rows) / 100:,.2f}" in page
    link = re.search(rf'href="(/office/owing/{supplier}[^"]*)"', page)[1]
    households = main_of(ask(world.office, link))
    assert all(f"/office/households/{row.key}" in households for row in rows if row.payable_fen)
    assert total == 6


def test_a_place_opens_to_its_villages(world, ask):
    page = main_of(ask(world.office, "/office/owing?by=township"))
    assert f"place={TOWNSHIP[:9]}" in page
    villages = main_of(ask(world.office, f"/office/owing?by=village&place={TOWNSHIP[:9]}"))
    assert all(f"place={village}" in villages for village in VILLAGES)


def test_both_lists_can_be_taken_along(world, ask):
    supplier = world.extra["supplier"]
    for url in ("/office/owing?format=csv", f"/office/owing/{supplier}?format=csv&only=all"):
        answer = ask(world.office, url)
        assert answer.mimetype == "text/csv"
        assert "炎陵县桃源合作社" in answer.text or "张三0" in answer.text


def test_who_is_no_office_of_the_place_sees_none_of_it(world, ask):
    """Red when the permission alone is asked: suppliers read statements too."""
    supplier = world.extra["supplier"]
    ask(world.manager, "/office/owing", status=404)
    ask(world.manager, f"/office/owing/{supplier}", status=404)
    ask(world.extra["beside"], f"/office/owing/{supplier}", status=404)
    assert "炎陵县桃源合作社" not in main_of(ask(world.extra["beside"], "/office/owing"))
    ask(world.office, "/office/owing?place=11", status=404)
    auditor = main_of(ask(world.extra["auditor"], f"/office/owing/{supplier}?only=all"))
    assert "张三0" not in auditor
    assert "张＊0" in auditor
