"""What people do in a chat, without the types of any library. All texts in it are untrusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a chat: the number that Telegram gives the account, and the name that the person chose."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to the bot, or a button that says the same.

    Attributes:
        chat: the number of the chat; negative for a group.
        text: the message, such as `/why BTC/USDT`.
        at: when it was written, by Telegram's clock; None for a button.
    """

    chat: int
    person: Person
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that was pressed.

    Attributes:
        query: the id with which Telegram expects an answer.
        message: the number of the message that has the button.
        data: what the button sends; anybody can send anything.
    """

    chat: int
    person: Person
    query: str
    message: int
    data: str
