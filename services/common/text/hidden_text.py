"""Finds text that readers do not see as it is written: invisible characters, or letters in another order.

Characters that ordinary texts contain are not counted: joiners of emojis and of Persian, direction marks of Arabic
and Hebrew, soft hyphens between syllables, a zero-width space or byte order mark that an editor left between words,
breaks between words of scripts that write no spaces, and the flags of England, Scotland and Wales.
"""

from __future__ import annotations

import re

IN_WORDS = 5
"""The fewest letters separated by zero-width characters that count as hiding; fewer may be an accident."""
IN_A_ROW = 8
NEW_WORDS = 4
"""The smallest number of words only in the hidden text that counts; fewer may be a button or a caption."""

_LETTER = "[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff]"
_NO_WIDTH = "[\u200b\u2060-\u2064\ufeff]"
_IN_A_WORD = re.compile(f"(?<={_LETTER}){_NO_WIDTH}+(?={_LETTER})")
_ROW = re.compile(f"{_NO_WIDTH}{{{IN_A_ROW}}}")
_SPELLED = re.compile(f"(?:{_LETTER}\xad){{{IN_WORDS}}}")
_TAG = re.compile("[\U000e0001-\U000e007f]")
_FLAG = re.compile(
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
_REVERSED = re.compile("\u202e")
_FROM_RIGHT = re.compile("[\u202b\u2067]")
_WRITTEN_FROM_RIGHT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_WORD = re.compile(r"\w+")


def reorders(text: str) -> bool:
    """Whether readers see the letters in another order than the written one.

    A mark that begins a right-to-left part is ordinary in a text with letters of a right-to-left script. Marks that
    isolate or embed a left-to-right part do not reorder Latin letters; programs put these marks around names and
    numbers.
    """
    if text.isprintable():
        return False
    if _REVERSED.search(text):
        return True
    return _FROM_RIGHT.search(text) is not None and not _WRITTEN_FROM_RIGHT.search(text)


def hides_characters(text: str) -> bool:
    """Whether a text that is not cleaned yet has invisible letters, or letters separated by invisible characters."""
    if text.isprintable():
        return False
    if len(_IN_A_WORD.findall(text)) >= IN_WORDS or _ROW.search(text) or _SPELLED.search(text):
        return True
    return len(_TAG.findall(_FLAG.sub("", text))) >= IN_WORDS


def hides_words(hidden: str, seen: str) -> bool:
    """Whether the hidden text of an article has several words that the visible text does not have.

    Args:
        hidden: the text that readers do not see, as in `markup.Seen`.
        seen: the text of the same article that readers see, with its headline. Hidden previews and hidden copies for
            other devices only repeat this text.
    """
    if not hidden:
        return False
    words = set(_WORD.findall(hidden.casefold()))
    return len(words - set(_WORD.findall(seen.casefold()))) >= NEW_WORDS
