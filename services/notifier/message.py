"""What is said: plain text that any channel can show, and how it is written for those that know markup."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a reader may follow, with the words that are shown for it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """A title, lines and links. Text that others wrote has gone through `harmless` before it is here."""

    title: str
    lines: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The message as JSON values."""
        return asdict(self)


def message_from_json(value: Mapping[str, Any]) -> Message:
    """The message that `as_json` wrote."""
    links = tuple(Link(each["label"], each["url"]) for each in value["links"])
    return Message(value["title"], tuple(value["lines"]), links)


def as_text(message: Message) -> str:
    """The message without markup: the title, the lines, and the addresses of the links."""
    links = (f"{link.label}: {link.url}" for link in message.links)
    return "\n".join([message.title, *message.lines, *links])


def as_html(message: Message) -> str:
    """The message in the part of HTML that Telegram knows; lines end with a line feed."""
    title = f"<b>{html.escape(message.title)}</b>"
    lines = (html.escape(line) for line in message.lines)
    links = (f'<a href="{html.escape(link.url)}">{html.escape(link.label)}</a>' for link in message.links)
    return "\n".join([title, *lines, *links])
