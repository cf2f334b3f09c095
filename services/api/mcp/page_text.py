"""The text of a report's page, for readers that are no browsers."""

from __future__ import annotations

import re
from html.parser import HTMLParser

MOST_CHARACTERS = 20_000
_UNREAD = frozenset({"script", "style", "svg", "template"})
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
_LINES = re.compile(r"\s*\n\s*")
_IN_LINE = frozenset({"a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup"})
_CELLS = frozenset({"td", "th"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's
        self._unread += tag in _UNREAD
        self._separate(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD and self._unread > 0
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data.replace("\n", " "))

    def _separate(self, tag: str) -> None:
        if tag in _CELLS:
            self.parts.append(" ")
        elif tag not in _IN_LINE:
            self.parts.append("\n")


def page_text(page: bytes) -> str:
    """The visible text of an HTML page in UTF-8, cut after 20,000 characters; scripts and drawings are left out."""
    reader = _Text()
    reader.feed(page.decode(errors="replace"))
    reader.close()
    text = _LINES.sub("\n", _SPACES.sub(" ", "".join(reader.parts))).strip()
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}\n(cut here)"
