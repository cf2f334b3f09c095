"""From a publisher's markup to plain text: one line, no control characters, bounded."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from services.common.text.hidden_text import hides_characters, reorders
from services.common.text.markup import seen_in

MAX_MARKUP = 200_000
"""Characters of one field that are looked at; what follows is cut off unread."""

# Control, format (direction marks, zero widths), surrogate, private use, unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class ReaderText(NamedTuple):
    """What the readers of a piece of markup see, on one line.

    Attributes:
        text: what they see.
        hidden: text that they do not see.
        is_odd: they see it without some of its letters, or in another order.
    """

    text: str
    hidden: str
    is_odd: bool


def plain_text(markup: str, limit: int) -> str:
    """The text of a piece of HTML, or of plain text, on one line of at most `limit` characters.

    Scripts, styles, comments and whatever is hidden are left out, entities resolved, invisible characters removed.
    """
    return reader_text(markup, limit).text


def reader_text(markup: str, limit: int) -> ReaderText:
    """As `plain_text`, with what was left out because readers do not see it."""
    text, hidden = seen_in(markup[:MAX_MARKUP])
    return ReaderText(
        shorten(one_line(text), limit), one_line(hidden), hides_characters(text) or reorders(text)
    )


def one_line(text: str) -> str:
    """`text` with every run of white space made one space and invisible characters removed."""
    return " ".join(_without_unseen(" ".join(text.split())).split())


def shorten(text: str, limit: int) -> str:
    """`text`, cut at a word where there is one and ended with an ellipsis if it is longer than `limit`."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rfind(" ")
    return (cut[:at_word] if at_word > limit // 2 else cut).rstrip() + "…"


def _without_unseen(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(character for character in text if unicodedata.category(character) not in _UNSEEN)
