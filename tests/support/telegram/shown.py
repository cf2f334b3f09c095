"""What a client of Telegram makes of a message in HTML parse mode: its text, and everything in it that can be tapped.

The rules are those that Telegram documents: few tags, each closed; `<`, `>` and `&` only escaped; commands, mentions,
tags and addresses are found in the text by themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

MOST = 4096
_TAGS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote"}
)
_ATTRIBUTES = r"(?:\s+[a-z]+=\"[^\"<>]*\")*"
_PIECE = re.compile(rf"<(/?)([a-z][a-z-]*)({_ATTRIBUTES})\s*>|&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);|[<>&]")
_HREF = re.compile(r'\shref="([^"]*)"')
_FOUND = re.compile(
    r"(?P<command>(?<![\w/])/[A-Za-z0-9_]{1,64})"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9_]{3,32})"
    r"|(?P<tag>(?<!\w)[#$][^\W\d_]\w*)"
    r"|(?P<address>(?:[a-z]+://[^\s]+|(?:[\w-]+\.)+[A-Za-z]{2,}\b|(?:\d{1,3}\.){3}\d{1,3}))",
    re.IGNORECASE,
)


class UnreadableError(ValueError):
    """The markup is one that Telegram refuses."""


@dataclass(frozen=True)
class Shown:
    """A message as it is shown.

    Attributes:
        links: label and address of each link that the markup makes.
        found: what the client itself makes tappable: (kind, text).
    """

    text: str
    links: tuple[tuple[str, str], ...]
    found: tuple[tuple[str, str], ...]


def shown(markup: str) -> Shown:
    """Read the markup. Raises UnreadableError where Telegram refuses it."""
    text, links, at = "", [], 0
    code: list[tuple[int, int]] = []
    tags: list[tuple[str, int, str]] = []
    for piece in _PIECE.finditer(markup):
        text += markup[at : piece.start()]
        at = piece.end()
        closing, tag, attributes = piece.groups()
        if piece[0] in {"<", ">", "&"}:
            raise UnreadableError(f"can't parse entities: unescaped {piece[0]} at {piece.start()}")
        if tag is None:
            text += unescape(piece[0])
        elif tag not in _TAGS:
            raise UnreadableError(f"can't parse entities: unsupported tag {tag}")
        elif not closing:
            href = _HREF.search(attributes)
            tags.append((tag, len(text), unescape(href[1]) if href else ""))
        else:
            if not tags or tags[-1][0] != tag:
                raise UnreadableError(f"can't parse entities: unexpected end tag {tag}")
            _, start, address = tags.pop()
            if tag in {"code", "pre"}:
                code.append((start, len(text)))
            if address:
                links.append((text[start:], address))
    if tags:
        raise UnreadableError(f"can't parse entities: no end tag for {tags[-1][0]}")
    text += markup[at:]
    found = tuple((each.lastgroup or "", each[0]) for each in _FOUND.finditer(_without_code(text, code)))
    return Shown(text, tuple(links), found)


def _without_code(text: str, code: list[tuple[int, int]]) -> str:
    """The text with spaces where it is code, in which clients find nothing."""
    for start, end in code:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
