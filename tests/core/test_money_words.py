"""Amounts in words, as contracts and cheques are written."""

import pytest

from marketplace.core.money import in_words


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (100, "壹元整"),
        (1_000, "壹拾元整"),
        (120_050, "壹仟贰佰元零伍角整"),
        (120_005, "壹仟贰佰元零伍分"),
        (140_950, "壹仟肆佰零玖元伍角整"),
        (1_680_032, "壹万陆仟捌佰元零叁角贰分"),
        (10_700_053, "壹拾万柒仟元零伍角叁分"),
        (600_714, "陆仟零柒元壹角肆分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (10_000_000_100, "壹亿零壹元整"),
        (1_000_000_000_000, "壹佰亿元整"),
        (1_000_100_000_000, "壹佰亿零壹佰万元整"),
    ],
)
def test_an_amount_is_written_in_words(fen, words):
    """The examples of the rules of payment and settlement among them. Red when a zero between is left out."""
    assert in_words(fen) == words
