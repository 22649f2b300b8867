"""What documents and queries become."""

import pytest

from marketplace.search import tokens
from tests.search.documents import peach

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "query",
    ["黄桃", "炎陵", "炎陵黄桃", "礼盒", "桃", "桃礼", "ylht", "ht", "huangtao", "yanlinghuangtao", "of-2026", "123"],
)
def test_every_way_to_ask_for_a_name_is_among_its_terms(query):
    terms = set(tokens.terms_of(peach()))
    for chunk in tokens.chunks(query):
        for group in tokens.groups(chunk):
            met = any(term in terms for term in group) or set(tokens.smaller(group[0]) or "?") <= terms
            assert met, group


def test_a_word_with_two_readings_is_found_by_both():
    terms = tokens.pinyin_terms("重庆小面")
    assert {"p:zhongqing", "p:chongqing"} <= terms


def test_english_is_one_case_and_stop_words_ask_for_nothing():
    assert "peach" in tokens.terms_of(peach())
    assert tokens.groups("炎陵的黄桃") == [("炎陵",), ("黄桃",)]


def test_a_query_is_bounded():
    assert len(tokens.chunks("黄 桃 " * 1000)) <= 8
    assert tokens.chunks("  ，。!  ") == []


def test_a_long_run_of_ambiguous_characters_is_read_in_no_time():
    assert len(tokens.readings("重" * 100)) == 4
