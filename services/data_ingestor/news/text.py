"""Converts a publisher's markup to plain text: one line, no control characters, limited length."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from services.common.text.hidden_text import hides_characters, reorders
from services.common.text.markup import seen_in

MAX_MARKUP = 200_000
"""Characters of one field that are read; the rest is cut off."""

# Control, format (direction marks, zero widths), surrogate, private use, unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class ReaderText(NamedTuple):
    """Markup as text on one line, divided into what readers see and what they do not.

    Attributes:
        text: the visible text.
        hidden: text that readers do not see.
        is_odd: readers see the text without some of its letters, or in another order.
    """

    text: str
    hidden: str
    is_odd: bool


def plain_text(markup: str, limit: int) -> str:
    """The text of a piece of HTML, or of plain text, on one line of at most `limit` characters.

    Scripts, styles, comments and hidden text are left out, entities resolved, invisible characters removed.
    """
    return reader_text(markup, limit).text


def reader_text(markup: str, limit: int) -> ReaderText:
    """As `plain_text`, together with the hidden text that was left out."""
    text, hidden = seen_in(markup[:MAX_MARKUP])
    return ReaderText(
        shorten(one_line(text), limit), one_line(hidden), hides_characters(text) or reorders(text)
    )


def one_line(text: str) -> str:
    """`text` with every run of white space replaced by one space and invisible characters removed."""
    return " ".join(_without_unseen(" ".join(text.split())).split())


def shorten(text: str, limit: int) -> str:
    """`text`; if it is longer than `limit`, cut at the end of a word where possible, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rfind(" ")
    return (cut[:at_word] if at_word > limit // 2 else cut).rstrip() + "…"


def _without_unseen(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(character for character in text if unicodedata.category(character) not in _UNSEEN)
