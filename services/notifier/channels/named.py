"""Puts the name of this system before what is sent, so that one phone can tell several systems apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.common.text.telegram_html import MOST, bold, plain, units
from services.notifier.channels.port import Channel
from services.notifier.notice import Notice


def named(channels: Iterable[Channel], name: str) -> tuple[Channel, ...]:
    """The channels, whose messages begin with `name`; as they are if it is empty."""
    return tuple(_Named(channel, name) if name else channel for channel in channels)


class _Named:
    """A `Channel` that sends with a name."""

    def __init__(self, channel: Channel, system: str) -> None:
        self._channel, self._system = channel, system

    @property
    def name(self) -> str:
        """See `Channel.name`."""
        return self._channel.name

    def send(self, notice: Notice) -> None:
        """See `Channel.send`."""
        title = f"{self._system}: {notice.message.title}"
        rich = _with_name(self._system, notice.rich)
        self._channel.send(replace(notice, message=replace(notice.message, title=title), rich=rich))

    def close(self) -> None:
        """See `Channel.close`."""
        self._channel.close()


def _with_name(system: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Texts of Telegram's HTML with the name before the first, as a message of its own where it has no room there."""
    if not texts:
        return ()
    name = bold(plain(f"{system}:"))
    together = f"{name} {texts[0]}"
    return (together, *texts[1:]) if units(together) <= MOST else (name, *texts)
