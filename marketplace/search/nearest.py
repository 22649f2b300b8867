"""What somebody may have meant whose words are in no document: the same sound first, then the nearest spelling."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from . import tokens
from .snapshot import Snapshot

if TYPE_CHECKING:
    from .answers import Text

_LONGEST = 6  # syllables of a word


def suggestion(text: "Text", snapshot: Snapshot) -> str | None:
    """A text that finds something: each chunk that finds nothing is put right or, failing that, left out."""
    alive = snapshot.alive
    right = []
    for chunk in text.chunks:
        kept = chunk if text.hits(chunk, alive) else _corrected(chunk, text, snapshot)
        if kept:
            right.append(kept)
    if not right:
        return None
    together = alive
    for chunk in right:
        for group in tokens.groups(chunk):
            together &= text.group(group)[1]
    return " ".join(right) if together else max(right, key=lambda chunk: text.hits(chunk, alive))


def _corrected(chunk: str, text: "Text", snapshot: Snapshot) -> str | None:
    options = [_by_sound(chunk, snapshot), _by_spelling(chunk, snapshot), *_known_words(chunk, text, snapshot)]
    return next((option for option in options if option and text.hits(option, snapshot.alive)), None)


def _by_sound(chunk: str, snapshot: Snapshot) -> str | None:
    """炎岭黄逃 → 炎陵黄桃: stretches that sound like a known word, the longest first."""
    if not tokens.CHINESE.fullmatch(chunk):
        return None
    syllables = tokens.syllables_of(chunk)
    if len(syllables) != len(chunk):
        return None
    sounds = {pinyin: word for word, pinyin in snapshot.spellings.items() if pinyin}
    parts, at = [], 0
    while at < len(chunk):
        for end in range(min(len(chunk), at + _LONGEST), at, -1):
            word = chunk[at:end] if chunk[at:end] in snapshot.spellings else sounds.get("".join(syllables[at:end]))
            if word:
                break
        else:
            word, end = chunk[at], at + 1
        parts.append(word)
        at = end
    return "".join(parts)


def _by_spelling(chunk: str, snapshot: Snapshot) -> str | None:
    """The word, or the word with the pinyin, that is spelt most like the chunk."""
    latin = chunk.isascii()
    names = {pinyin: word for word, pinyin in snapshot.spellings.items() if pinyin} if latin else {}
    names |= {word: word for word in snapshot.spellings}
    close = get_close_matches(chunk, names, n=1, cutoff=0.75 if latin else 0.5)
    return names[close[0]] if close else None


def _known_words(chunk: str, text: "Text", snapshot: Snapshot) -> list[str]:
    """Those words of the chunk that find something, the longest first."""
    words = sorted({term for group in tokens.groups(chunk) for term in group}, key=len, reverse=True)
    return [word for word in words if len(word) > 1 and ":" not in word and text.hits(word, snapshot.alive)]
