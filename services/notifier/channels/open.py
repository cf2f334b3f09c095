"""Opens the channels that the settings name."""

from __future__ import annotations

from services.common.settings.notifier import named_urls
from services.common.settings.settings import Settings
from services.notifier.channels.apprise import AppriseChannel
from services.notifier.channels.port import Channel


def open_channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels of NOTIFY_URLS.

    Raises:
        StopProgram: Apprise does not know an address; the message names its channel.
    """
    return tuple(AppriseChannel(name, url) for name, url in named_urls(settings.notify_urls).items())
