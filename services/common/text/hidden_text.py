"""Whether a text has something that readers do not see: invisible characters, or letters in another order.

What honest texts are written with is left out of account: joiners of emojis and of Persian, direction marks of Arabic
and Hebrew, soft hyphens between syllables, a zero-width space or byte order mark that an editor left between words,
breaks between words of scripts that write no spaces, the flags of England, Scotland and Wales.
"""

from __future__ import annotations

import re

IN_WORDS = 5
"""The number of letters separated by zero-width characters that counts as hiding; fewer may be an accident."""
IN_A_ROW = 8
NEW_WORDS = 4
"""The number of hidden words missing from the visible text that counts; fewer may be a button or a caption."""

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
    """Whether people see the letters in another order than they are written in.

    To begin a part that runs from right to left is honest in a text that is written so. What isolates or embeds a part
    from left to right changes nothing of Latin letters; programs put it around names and numbers.
    """
    if text.isprintable():
        return False
    if _REVERSED.search(text):
        return True
    return _FROM_RIGHT.search(text) is not None and not _WRITTEN_FROM_RIGHT.search(text)


def hides_characters(text: str) -> bool:
    """Whether a text, before it is cleaned, has letters that nobody sees, or parted by what nobody sees."""
    if text.isprintable():
        return False
    if len(_IN_A_WORD.findall(text)) >= IN_WORDS or _ROW.search(text) or _SPELLED.search(text):
        return True
    return len(_TAG.findall(_FLAG.sub("", text))) >= IN_WORDS


def hides_words(hidden: str, seen: str) -> bool:
    """Whether what is hidden says something that what is seen does not.

    Args:
        hidden: what was dropped of a markup, see `markup.Seen`.
        seen: what readers see of the same article, its headline included. Previews and copies for other devices repeat
            that.
    """
    if not hidden:
        return False
    words = set(_WORD.findall(hidden.casefold()))
    return len(words - set(_WORD.findall(seen.casefold()))) >= NEW_WORDS
