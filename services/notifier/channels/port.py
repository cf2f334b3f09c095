"""The port to a channel: whoever sends a notice somewhere implements it."""

from __future__ import annotations

import hashlib
from typing import Protocol

from services.common.errors import CryptoBoyError
from services.notifier.notice import Notice

SEND_SECONDS = 20.0
"""The longest time in seconds that one call of `send` may take."""


def channel_label(channel: str) -> str:
    """The name of a channel in metrics, logs and /health: a hash takes the place of a chat's id."""
    group, _, chat = channel.partition(":")
    return f"{group}:{hashlib.sha256(chat.encode()).hexdigest()[:8]}" if chat else group


class Unsure(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """The channel may have accepted the notice or not, so it is not sent again, and a later notice says so."""

    reaction = "unsure"


class Channel(Protocol):
    """Sends notices to one receiver. Each channel is used by one thread."""

    @property
    def name(self) -> str:
        """The name by which rules name the channel."""
        ...

    def send(self, notice: Notice) -> None:
        """Send a notice; when this returns, the channel has accepted it.

        Raises:
            TryLater: the channel has surely not accepted it; `after` are the seconds that it asks to wait.
            Unsure: it may have accepted it, as when the connection is lost before the answer.
            NeverWorks: it never accepts this notice.
            StopProgram: it accepts nothing until a person changes something, as with a wrong token.
        """
        ...

    def close(self) -> None:
        """Release the connections. May be called twice."""
        ...
