"""What a brief says, before it becomes text, HTML or messages: a title and sections of lines.

A line is made of plain texts and links. Texts of feeds and people are in it only as `quoted` leaves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.common.text.harmless import harmless, harmless_url
from services.operations.answer import Answer

LONGEST_QUOTE = 160


@dataclass(frozen=True, slots=True)
class Span(Answer):
    """A part of a line.

    Attributes:
        url: an address of the web; empty if the part is no link.
        is_quoted: whether a feed or a person wrote it.
    """

    text: str
    url: str = ""
    is_strong: bool = False
    is_quoted: bool = False


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Section(Answer):
    """A heading with lines."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Document(Answer):
    """A brief in words.

    Attributes:
        lead: what the brief is about, in a sentence.
        foot: what is not shown, and where the figures are from.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    foot: str


def line(*parts: str | Span) -> Line:
    """A line of texts of this project, and of spans."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts if part)


def quoted(text: str, url: str = "") -> Span:
    """A text of a feed or a person, and the page to which it leads if that is one of the web."""
    return Span(harmless(text, LONGEST_QUOTE), harmless_url(url) or "" if url else "", is_quoted=True)


def strong(text: str) -> Span:
    """A text of this project that is set off."""
    return Span(text, is_strong=True)


def document_of(body: Mapping[str, Any]) -> Document:
    """The document of JSON values that `Document.as_json` gave."""
    return Document(
        title=body["title"],
        lead=body["lead"],
        sections=tuple(
            Section(each["title"], tuple(tuple(Span(**span) for span in row) for row in each["lines"]))
            for each in body["sections"]
        ),
        foot=body["foot"],
    )
