"""Channels through Apprise: mail, Discord, Slack, webhooks, ntfy, Pushover, SMS and the rest.

Apprise says only whether a call succeeded. What went wrong is read from the lines that it logs about the call, which
all its services write alike: the HTTP status, or the error of the connection. Where that does not say that the notice
was surely refused, it counts as one that may have arrived.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.common.errors import CryptoBoyError, NeverWorks, StopProgram, TryLater
from services.notifier.channels.port import SEND_SECONDS, Unsure
from services.notifier.message import as_text
from services.notifier.notice import Notice

if TYPE_CHECKING:
    from apprise import Apprise

_STATUS = re.compile(r"error=(\d{3})\b")
_NOT_CONNECTED = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|Connection refused|Name or service not known"
    r"|Temporary failure in name resolution|Network is unreachable|No route to host|nodename nor servname"
    r"|getaddrinfo failed|ProxyError|SSLCertVerificationError|CERTIFICATE_VERIFY_FAILED",
    re.IGNORECASE,
)
_DENIED = frozenset({401, 403, 404, 410})
_REFUSED = frozenset({400, 405, 406, 411, 413, 414, 415, 422})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 507, 509, 529})
_SENT = re.compile(r"^Sent ")
_WEBHOOKS = frozenset({"form", "forms", "json", "jsons", "xml", "xmls"})
KEY_HEADER = "Idempotency-Key"
"""The header by which the receiver of a webhook recognises a notice that it has already."""
_CONNECT_SECONDS, _READ_SECONDS = 4.0, 10.0


class AppriseChannel:
    """A `Channel` to one URL of Apprise.

    Args:
        name: the name of the channel.
        url: the URL, which is a secret and never shown.

    Raises:
        StopProgram: Apprise does not know such a URL; the message names only its scheme.
    """

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._apprise = _opened(name, url)
        is_webhook = url.partition("://")[0].lower() in _WEBHOOKS
        self._headers: dict[str, str] = vars(self._apprise[0])["headers"] if is_webhook else {}

    def send(self, notice: Notice) -> None:
        """See `Channel`."""
        from apprise import NotifyFormat, NotifyType

        self._headers[KEY_HEADER] = key_of(notice)
        title, _, body = as_text(notice.message).partition("\n")
        result = self._apprise.notify(
            body=without_markup(body) or " ",
            title=without_markup(title),
            notify_type=NotifyType.INFO,
            body_format=NotifyFormat.TEXT,
            interpret_escapes=False,
            timeout=SEND_SECONDS,
            log_level=logging.DEBUG,
        )
        if not result:
            raise reaction(self.name, [entry.message for entry in result.logs()])

    def close(self) -> None:
        """See `Channel`. Each call of `send` has a connection of its own."""


def key_of(notice: Notice) -> str:
    """The key of a notice, which no other notice has, and which stays the same however often it is sent."""
    named = json.dumps([notice.event_key, notice.channel])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def without_markup(text: str) -> str:
    """The text with nothing that Discord, Slack and others would take for markup in what is sent as plain text."""
    return text.translate(_MARKUP)


def reaction(name: str, logged: Sequence[str]) -> CryptoBoyError:
    """The error for a call that failed, from what Apprise logged about it. It repeats nothing of the log."""
    text = "\n".join(logged)
    statuses = [int(status) for status in _STATUS.findall(text)]
    if any(_SENT.match(line) for line in logged):
        return Unsure(f"{name}: some receivers of this channel got it, and others did not")
    if not statuses:
        is_away = _NOT_CONNECTED.search(text) is not None
        return TryLater(f"{name} cannot be reached") if is_away else Unsure(f"{name} gave no answer")
    return _reaction_to(name, statuses[-1])


def _reaction_to(name: str, status: int) -> CryptoBoyError:
    if status in _BUSY:
        return TryLater(f"{name} answered {status}")
    if status in _DENIED:
        return StopProgram(f"{name} answered {status}: check its address and key in NOTIFY_URLS")
    if status in _REFUSED:
        return NeverWorks(f"{name} refused this notice with {status}")
    return Unsure(f"{name} answered {status}")


_MARKUP = str.maketrans(
    {
        "<": "\u2039",
        ">": "\u203a",
        "[": "(",
        "]": ")",
        "`": "'",
        "*": "\u2217",
        "~": "\u223c",
        "|": "/",
        "\\": "/",
    }
)


def _opened(name: str, url: str) -> Apprise:
    from apprise import Apprise, AppriseAsset
    from apprise.common import OverflowMode

    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)  # what it logs is captured for each call
    log.propagate = False  # but goes to no log of ours, because it repeats addresses
    asset = AppriseAsset(app_id="CryptoBoy", app_desc="CryptoBoy", async_mode=False, secure_logging=True)
    service = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        scheme = url.partition("://")[0] if "://" in url else "no scheme"
        raise StopProgram(
            f"Apprise does not know the address of the channel {name} in NOTIFY_URLS ({scheme}); "
            "docs/notifications.md shows how addresses are written"
        )
    service.overflow_mode = OverflowMode.TRUNCATE  # a notice in two parts may arrive by half
    service.request_rate_per_sec = 0.0  # the rules limit each channel
    service.socket_connect_timeout = min(service.socket_connect_timeout, _CONNECT_SECONDS)
    service.socket_read_timeout = min(service.socket_read_timeout or _READ_SECONDS, _READ_SECONDS)
    opened = Apprise(asset=asset)
    opened.add(service)
    return opened
