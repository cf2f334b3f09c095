"""Feeds in our own words, for the tests of the news poller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    """One item of an RSS feed; an element whose value is None is left out."""

    title: str | None = "Bitcoin climbs as miners hold on to their coins"
    link: str | None = "https://paper.example/bitcoin-climbs"
    published: datetime | str | None = NOW
    description: str | None = None
    content: str | None = None

    def xml(self) -> str:
        """The <item> element."""
        date = format_datetime(self.published) if isinstance(self.published, datetime) else self.published
        parts = {
            "title": self.title,
            "link": self.link,
            "pubDate": date,
            "description": self.description,
            "content:encoded": self.content,
        }
        inner = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in parts.items() if text is not None)
        return f"<item>{inner}</item>"


def rss(items: Sequence[Item] | str, *, encoding: str = "utf-8") -> bytes:
    """An RSS document; a string is put in the place of the items as it is."""
    inner = items if isinstance(items, str) else "".join(item.xml() for item in items)
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>The Paper</title><link>https://paper.example/</link>{inner}</channel></rss>"
    ).encode(encoding)


def numbered(count: int, *, first: int = 0, published: datetime = NOW) -> list[Item]:
    """Items about crypto, each with a link of its own."""
    return [
        Item(
            title=f"Ethereum upgrade number {number} goes live",
            link=f"https://paper.example/{number}",
            published=published,
        )
        for number in range(first, first + count)
    ]
