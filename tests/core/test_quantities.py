"""Quantities and money as people type them."""

import pytest

from marketplace.core import money, quantity
from marketplace.core.errors import Refused

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "thousandths"),
    [
        ("1,000", 1_000_000),
        ("1，234.5", 1_234_500),
        ("1,000,000", 1_000_000_000),
        ("１，０００", 1_000_000),
        ("1,000斤", 500_000),
        ("0.5吨", 500_000),
        ("15.0000", 15_000),
    ],
)
def test_what_is_meant_is_read(text: str, thousandths: int) -> None:
    assert quantity.parse(text, unit="千克") == thousandths


@pytest.mark.parametrize("text", ["1,5", "12,34", "1,0000", "1000,000", ",5", "1,", "1,,000", "1,000.000,0"])
def test_a_comma_that_parts_no_thousands_is_refused(text: str) -> None:
    """Red when commas are dropped wherever they stand: half a kilogram more, typed with a comma, would be ten times."""
    with pytest.raises(Refused, match="not_a_quantity"):
        quantity.parse(text)
    with pytest.raises(Refused, match="not_money"):
        money.parse_yuan(text)


@pytest.mark.parametrize("text", ["-1", "NaN", "nan", "inf", "1e3", "0x10", "1" + "0" * 30, "=1+1", "", "½", "一千"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        quantity.parse(text, unit="千克")
    with pytest.raises(Refused):
        money.parse_yuan(text)
