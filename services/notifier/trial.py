"""Sends a test message to channels, beside a notifier that may run: `python -m services.notifier.trial [CHANNEL ...]`.

For the notifier's container, which has no command line; elsewhere `./cryptoboy notify test` shows the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.common.errors import CryptoBoyError, StopProgram
from services.common.settings.settings import Settings
from services.notifier.channels.named import named
from services.notifier.channels.open import open_channels
from services.notifier.channels.port import Channel, channel_label
from services.notifier.happening import Importance, Kind
from services.notifier.message import Message
from services.notifier.notice import Notice
from services.notifier.rules.load import load_rules
from services.notifier.rules.rule import group_of
from services.operations.words import moment


@dataclass(frozen=True, slots=True)
class Tested:
    """Whether a channel accepted its test; `why` says why not, and `label` is its name in metrics and logs."""

    channel: str
    label: str
    is_accepted: bool
    why: str

    @property
    def shown_name(self) -> str:
        """The name, and the label where that is another."""
        return (
            self.channel
            if self.channel == self.label
            else f"{self.channel} ({self.label} in metrics and logs)"
        )


def try_channels(settings: Settings, only: tuple[str, ...], now: datetime) -> tuple[Tested, ...]:
    """Send a test to each channel, or to those that are named.

    Raises:
        StopProgram: there is no channel, or none of a name.
    """
    channels = named(_channels(settings), settings.notify_name or "")
    names = {group_of(channel.name) for channel in channels}
    if unknown := sorted(set(only) - names):
        raise StopProgram(
            f"there is no channel {', '.join(unknown)}; there is {', '.join(sorted(names)) or 'none'}"
        )
    if not channels:
        raise StopProgram(
            "there is no channel: set NOTIFY_URLS or NOTIFY_TELEGRAM_TOKEN (docs/notifications.md)"
        )
    return tuple(_tested(channel, now) for channel in channels if not only or group_of(channel.name) in only)


def _channels(settings: Settings) -> Iterator[Channel]:
    yield from open_channels(settings)
    if settings.notify_telegram_token is not None:
        from services.notifier.telegram.trial import trial_channels  # its library is large

        yield from trial_channels(settings)


def _tested(channel: Channel, now: datetime) -> Tested:
    notice = Notice(
        event_key=f"test:{now.isoformat()}",
        channel=channel.name,
        rule="test",
        kind=Kind.TEST,
        importance=Importance.INFO,
        made=now,
        happened=now,
        message=Message("Test of CryptoBoy's notifications", (f"Sent at {moment(now)} to {channel.name}.",)),
    )
    try:
        channel.send(notice)
    except CryptoBoyError as error:
        return Tested(channel.name, channel_label(channel.name), is_accepted=False, why=str(error))
    else:
        return Tested(channel.name, channel_label(channel.name), is_accepted=True, why="")
    finally:
        channel.close()


def main(arguments: Sequence[str]) -> int:
    """Check the rules, test the channels, or those that are named, and return the exit status."""
    try:
        settings = Settings.load()
        load_rules(settings)
        results = try_channels(settings, tuple(arguments), datetime.now(UTC))
    except StopProgram as error:
        sys.stderr.write(f"nothing was sent: {error}\n")
        return 1
    for each in results:
        sys.stdout.write(
            f"{each.shown_name}: {'accepted' if each.is_accepted else f'not accepted: {each.why}'}\n"
        )
    return 0 if all(each.is_accepted for each in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
