"""From a publisher's markup to plain text: one line, no control characters, bounded."""

from __future__ import annotations

import html
import re
import unicodedata

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

MAX_MARKUP = 200_000
"""Characters of one field that are looked at; what follows is cut off unread."""

_TAG = re.compile(r"<[a-zA-Z/!?]")
_WHOLE_TAG = re.compile(r"<[^<>]*>")
# Text of two blocks must not run together; text around <b> or <a> must.
_BLOCK_BORDER = re.compile(
    r"<(?=/?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article"
    r"|header|footer|aside|nav|pre|img)\b)",
    re.IGNORECASE,
)
_NOT_TEXT = ("script", "style", "template", "noscript", "iframe", "object", "svg", "form", "button")
# Control, format (direction marks, zero widths), surrogate, private use, unassigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def plain_text(markup: str, limit: int) -> str:
    """The text of a piece of HTML, or of plain text, on one line of at most `limit` characters.

    Scripts, styles and comments are left out, entities resolved, invisible characters removed.
    """
    markup = markup[:MAX_MARKUP]
    text = _text_of_html(markup) if _TAG.search(markup) else html.unescape(markup)
    return shorten(one_line(text), limit)


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


def _text_of_html(markup: str) -> str:
    try:
        soup = BeautifulSoup(_BLOCK_BORDER.sub(" <", markup), "html.parser")
    except ParserRejectedMarkup:
        return html.unescape(_WHOLE_TAG.sub(" ", markup))
    for element in soup(_NOT_TEXT):
        element.decompose()
    return soup.get_text()


def _without_unseen(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(character for character in text if unicodedata.category(character) not in _UNSEEN)
