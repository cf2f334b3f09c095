"""Converts a publisher's markup to plain text on one line, without control characters and of limited length."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from services.common.text.hidden_text import hides_characters, reorders
from services.common.text.markup import seen_in

MAX_MARKUP = 200_000
"""The maximum number of characters of one field that are read. The rest is cut off."""

# Control, format (direction marks, zero widths), surrogate, private use, unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class ReaderText(NamedTuple):
    """Text extracted from markup, on one line, divided into visible and hidden text.

    Attributes:
        text: the text that readers see.
        hidden: the text that readers do not see.
        is_odd: whether readers do not see some letters of the text, or see its letters in another order.
    """

    text: str
    hidden: str
    is_odd: bool


def plain_text(markup: str, limit: int) -> str:
    """Convert HTML or plain text to one line of at most `limit` characters.

    Scripts, styles, comments and hidden text are omitted, entities are resolved, and invisible characters are
    removed.
    """
    return reader_text(markup, limit).text


def reader_text(markup: str, limit: int) -> ReaderText:
    """Convert markup like `plain_text`, but also return the hidden text that was omitted."""
    text, hidden = seen_in(markup[:MAX_MARKUP])
    return ReaderText(
        shorten(one_line(text), limit), one_line(hidden), hides_characters(text) or reorders(text)
    )


def one_line(text: str) -> str:
    """Replace every run of white space by one space, and remove invisible characters."""
    return " ".join(_without_unseen(" ".join(text.split())).split())


def shorten(text: str, limit: int) -> str:
    """Shorten `text` to at most `limit` characters, at the end of a word where possible, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rfind(" ")
    return (cut[:at_word] if at_word > limit // 2 else cut).rstrip() + "…"


def _without_unseen(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(character for character in text if unicodedata.category(character) not in _UNSEEN)
