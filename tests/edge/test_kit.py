"""Formats of LOOK.md, the language switch, tables' state in the URL."""

import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace import rooms  # noqa: F401
from marketplace.core import clock
from marketplace.core.db import Base
from marketplace.web import charts, kit
from marketplace.web.states import STATES
from marketplace.web.tables import Table


def test_money_quantity_and_none_are_shown_as_the_ledger_does() -> None:
    assert kit.money(123450) == "¥1,234.50"
    assert kit.money(-11760) == "−¥117.60"
    assert kit.money(None) == "—"
    assert kit.amount(0) == "0.00"
    assert kit.quantity(497600, "千克") == "497.600\u00a0千克"
    assert kit.percent(5590) == "55.9\u00a0%"
    assert kit.percent(-320) == "−3.2\u00a0%"
    assert kit.wan(6228313414) == "6,228"


def test_the_year_stands_only_where_it_is_not_this_one(app: Flask) -> None:
    with clock.fixed(datetime(2026, 8, 20, tzinfo=UTC)):
        with app.test_request_context():
            assert kit.day(date(2026, 8, 18)) == "8月18日"
            assert kit.day(date(2025, 8, 18)) == "2025年8月18日"
            assert kit.moment(datetime(2026, 8, 18, 1, 40, tzinfo=UTC)) == "8月18日\u00a009:40"
            assert kit.month(202611) == "2026年11月"
        with app.test_request_context(headers={"Cookie": "lang=en"}):
            assert kit.moment(datetime(2026, 8, 18, 1, 40, tzinfo=UTC)) == "18\u00a0Aug\u00a009:40"


def test_the_language_switch_keeps_the_url_and_writes_only_a_cookie(client: FlaskClient) -> None:
    answer = client.get("/kit?sort=-name&page=2&lang=en")
    assert answer.status_code == 302
    assert answer.location == "/kit?sort=-name&page=2"
    assert 'lang="en"' in client.get(answer.location).text[:200]


@pytest.mark.parametrize(
    ("query", "sort", "offset"),
    [
        ("", "-amount", 0),
        ("?sort=name&page=3", "name", 50),
        ("?sort=secret", "-amount", 0),
        ("?page=999999999", "-amount", 249975),
    ],
)
def test_a_tables_state_is_bounded_by_its_keys(app: Flask, query: str, sort: str, offset: int) -> None:
    with app.test_request_context(f"/kit{query}"):
        table = Table(keys=("name", "amount"), default="-amount", per_page=25)
        assert (table.sort, table.offset) == (sort, offset)


def test_a_second_click_turns_the_order_round(app: Flask) -> None:
    with app.test_request_context("/kit?sort=-amount&q=桃&page=2"):
        table = Table(keys=("name", "amount"), default="-amount", total=100)
        assert table.sort_url("amount") == "/kit?sort=amount&q=%E6%A1%83"
        assert table.sort_url("name", number=False) == "/kit?sort=name&q=%E6%A1%83"
        assert table.aria("amount") == "descending"


@pytest.mark.unit
def test_segments_add_up_to_the_bar() -> None:
    parts = charts.segments([("accepted", 525), ("transit", 200), ("open", 0), ("cancelled", 275)])
    assert [(part.x, part.width) for part in parts] == [("0%", "52.5%"), ("52.5%", "20%"), ("72.5%", "27.5%")]
    assert charts.segments([("open", 0)]) == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("largest", "expected"), [(1, (1, 1)), (7, (8, 2)), (908, (1000, 200)), (62283, (80000, 20000))]
)
def test_an_axis_has_round_steps_and_room(largest: int, expected: tuple[int, int]) -> None:
    assert charts.scale(largest) == expected


def test_every_part_of_the_kit_renders_in_both_languages(client: FlaskClient) -> None:
    for language in ("zh", "en"):
        client.set_cookie("lang", language)
        assert client.get("/kit").status_code == 200


# Tables whose badge goes by another kind's name.
KINDS = {
    "return_request": "return",
    "transfer": "payment",
    "job": "task",
    "verify_result": "task",
    "surplus_year": "surplus",
    "quota_plan": "plan",
    "quota_amendment": "amendment",
    "mail_delivery": "mail",
    "sourcing_request": "request",
}


@pytest.mark.unit
def test_every_state_that_a_table_allows_has_a_badge() -> None:
    found = []
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            allowed = re.match(r"state IN \((.*)\)$", str(getattr(constraint, "sqltext", "")))
            for state in re.findall(r"'(\w+)'", allowed.group(1)) if allowed else ():
                if state not in STATES.get(KINDS.get(table.name, table.name), {}):
                    found.append(f"{table.name}: {state}")
    assert found == []
