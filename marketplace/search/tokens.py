"""Terms of documents and of queries: Chinese words as jieba's search mode cuts them, characters and pairs of names,
pinyin whole and by initials, English in lower case, codes whole and by their beginnings.

A term of the name stands twice in the index, the second time marked, so that hits in names come first.
The index holds terms made here: a change takes a rebuild.
"""

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice, product

import rjieba

from .documents import MAX_TEXT, Document

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # 13 MB instead of 56; a character's two readings are both kept

NAME = "n:"  # marks a term of the name
PINYIN = "p:"
CODE = "c:"
STOP = frozenset(["的", "了", "和", "与", "及", "或", "在", "是", "the", "a", "an", "of", "and", "for"])
CHINESE = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[a-z]+")
_PIECES = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_READINGS = 2
_WORDS_TOGETHER = 4
_GROUPS = 8


def words(text: str) -> list[str]:
    """The words of a text as search mode cuts them, long ones with the words inside them, in lower case."""
    found = (word.strip().lower() for word in rjieba.cut_for_search(text))
    return [word for word in found if word and word not in STOP and any(map(str.isalnum, word))]


def grams(text: str) -> set[str]:
    """Characters and pairs of neighbours of the Chinese in a text, so that a word cut otherwise is found too."""
    runs = CHINESE.findall(text)
    return {run[i : i + size] for run in runs for size in (1, 2) for i in range(len(run) - size + 1)}


@lru_cache(maxsize=20_000)
def readings(word: str) -> list[tuple[str, ...]]:
    """A word's syllables, once per way to read it (at most four): 重庆 → zhong qing, chong qing."""
    from pypinyin import Style, pinyin

    syllables = pinyin(word, style=Style.NORMAL, heteronym=True, errors="ignore")
    choices = [list(dict.fromkeys(options[:_READINGS])) for options in syllables]
    return list(islice(product(*choices), 4)) if choices else []  # of a long run there are 2^n


def pinyin_terms(text: str) -> set[str]:
    """Whole pinyin and initials, from each word's beginning over up to four words: 炎陵黄桃 → yanling, yl, ylht, ht"""
    found: set[str] = set()
    for run in CHINESE.findall(text):
        cut = rjieba.cut(run)
        for start in range(len(cut)):
            for end in range(start + 1, min(len(cut), start + _WORDS_TOGETHER) + 1):
                for syllables in readings("".join(cut[start:end])):
                    found.add(PINYIN + "".join(syllables))
                    if len(syllables) > 1:
                        found.add(PINYIN + "".join(syllable[0] for syllable in syllables))
    return found


def code_terms(code: str) -> set[str]:
    """A code, its beginnings from three characters on, and its number without zeros: OF-2026-000123 → … 000123, 123."""
    whole = code.strip().lower()
    number = re.search(r"\d+$", whole)
    found = {whole[:size] for size in range(3, len(whole) + 1)}
    if number:
        found |= {number.group(), number.group().lstrip("0") or "0"}
    return {CODE + term for term in found}


def terms_of(document: Document) -> list[str]:
    """All terms of a document, each once."""
    places = [document.county_name, document.township_name, document.village_name]
    kinds = [name for _, name in document.categories]
    name = {*words(document.name), *grams(document.name), *pinyin_terms(document.name)}
    rest = code_terms(document.code)
    for text in (*places, *kinds, document.supplier_name):
        rest |= {*words(text), *grams(text)}
    for text in (document.county_name, *kinds[-1:]):
        rest |= pinyin_terms(text)
    for text in (document.summary, *document.certificates):
        rest.update(words(text))
    return sorted({NAME + term for term in name} | name | rest)


def spellings(document: Document) -> list[str]:
    """Words that a misspelt query may have meant, each with its pinyin: 黄桃=huangtao."""
    texts = [document.name, document.county_name, *(name for _, name in document.categories)]
    found = {word for text in texts for word in words(text) if len(word) > 1 and not word[0].isdigit()}
    return sorted(f"{word}={''.join((readings(word) or [()])[0])}" for word in found)


def chunks(text: str) -> list[str]:
    """A query's pieces: runs of Chinese, and words or codes of letters and digits."""
    return _PIECES.findall(text[:MAX_TEXT].lower())[:_GROUPS]


def groups(chunk: str) -> list[tuple[str, ...]]:
    """What a chunk asks for: every group must be met, by any of its terms."""
    if CHINESE.match(chunk):
        kept = [word for word in dict.fromkeys(words(chunk)) if word not in STOP]
        return [(word,) for word in kept[:_GROUPS]] or [(chunk,)]
    terms = [chunk, CODE + chunk]
    return [(*terms, PINYIN + chunk) if LATIN.fullmatch(chunk) else tuple(terms)]


def smaller(term: str) -> list[str]:
    """A long Chinese word that the index does not know, as its pairs of characters."""
    return [term[i : i + 2] for i in range(len(term) - 1)] if len(term) > 2 and CHINESE.fullmatch(term) else []


def syllables_of(text: str) -> list[str]:
    """The usual reading of each Chinese character of a text."""
    first: Iterable[tuple[str, ...]] = readings(text)[:1]
    return [syllable for reading in first for syllable in reading]
