"""What is said in a chat: text and buttons, without the types of any library."""

from __future__ import annotations

from dataclasses import dataclass

MOST_DATA_BYTES = 64
"""Telegram's limit for what a button sends back."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message.

    Attributes:
        label: plain text.
        data: what comes back when it is pressed, at most 64 bytes; see `buttons`.
    """

    label: str
    data: str

    def __post_init__(self) -> None:
        if not 0 < len(self.data.encode()) <= MOST_DATA_BYTES:
            raise ValueError(f"a button's data has 1 to {MOST_DATA_BYTES} bytes, not {self.data!r}")


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A message, and those that come before it if there is more to say than one holds.

    Attributes:
        html: its text for Telegram's HTML parse mode, at most 4096 UTF-16 units; see `telegram_html`.
        buttons: the rows of buttons below it.
        before: the texts of the messages before it.
    """

    html: str
    buttons: Rows = ()
    before: tuple[str, ...] = ()
