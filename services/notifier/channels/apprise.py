"""Channels through Apprise: mail, Discord, Slack, webhooks, ntfy, Pushover, SMS and the rest.

Apprise says only whether a call succeeded. What went wrong is read from the lines that it logs about the call, which
all its services write alike: the HTTP status, the reply of the mail server, or the error of the connection. Where that
does not say that the notice was surely refused, it counts as one that may have arrived.
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
from services.notifier.message import Message
from services.notifier.notice import Notice

if TYPE_CHECKING:
    from apprise import Apprise

_STATUS = re.compile(r"error=(\d{3})\b")
_REPLY = re.compile(r"Socket Exception: .*?\((\d{3}), b")
"""The reply of a mail server with which it did not take a mail."""
_NOT_CONNECTED = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|Connection refused|Name or service not known"
    r"|Temporary failure in name resolution|Network is unreachable|No route to host|nodename nor servname"
    r"|getaddrinfo failed|ProxyError|SSLCertVerificationError|CERTIFICATE_VERIFY_FAILED"
    r"|Connection error while submitting email",
    re.IGNORECASE,
)
_DENIED = frozenset({401, 403, 404, 410})
_REFUSED = frozenset({400, 405, 406, 411, 413, 414, 415, 422})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 507, 509, 529})
_LOGIN_REFUSED = frozenset({530, 534, 535, 538})
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
        (service,) = self._apprise
        self._most = int(service.body_maxlen)
        is_webhook = url.partition("://")[0].lower() in _WEBHOOKS
        self._headers: dict[str, str] = vars(service)["headers"] if is_webhook else {}

    def send(self, notice: Notice) -> None:
        """See `Channel`."""
        from apprise import NotifyFormat, NotifyType

        self._headers[KEY_HEADER] = key_of(notice)
        title = without_markup(notice.message.title)
        result = self._apprise.notify(
            body=body_of(notice.message, self._most - len(title)) or " ",
            title=title,
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


def body_of(message: Message, most: int) -> str:
    """The lines and links of a message as text of at most so many characters. If lines are left out, it says so."""
    lines = [without_markup(line) for line in message.lines]
    links = [f"{without_markup(link.label)}: {link.url.translate(_ENCODED)}" for link in message.links]
    whole = "\n".join([*lines, *links])
    if len(whole) <= most - _MARGIN:
        return whole
    room = most - _MARGIN - len(_left_out(len(lines))) - sum(len(link) + 1 for link in links)
    kept = 0
    while kept < len(lines) and room > len(lines[kept]):
        room -= len(lines[kept]) + 1
        kept += 1
    return "\n".join([*lines[:kept], _left_out(len(lines) - kept), *links])


def _left_out(count: int) -> str:
    return f"... and {count} more lines, for which this channel has no room: see the page."


def reaction(name: str, logged: Sequence[str]) -> CryptoBoyError:
    """The error for a call that failed, from what Apprise logged about it. It repeats nothing of the log."""
    text = "\n".join(logged)
    statuses = [int(status) for status in _STATUS.findall(text)]
    if any(_SENT.match(line) for line in logged):
        return Unsure(f"{name}: some receivers of this channel got it, and others did not")
    replies = [int(reply) for reply in _REPLY.findall(text)]
    if replies:
        return _reaction_to_reply(name, replies[-1])
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


def _reaction_to_reply(name: str, reply: int) -> CryptoBoyError:
    if reply in _LOGIN_REFUSED:
        return StopProgram(
            f"{name} refused its login with {reply}: check its user and password in NOTIFY_URLS"
        )
    reactions = {
        4: TryLater(f"{name} answered {reply}"),
        5: NeverWorks(f"{name} refused this notice with {reply}"),
    }
    return reactions.get(reply // 100, Unsure(f"{name} answered {reply}"))


_ENCODED = {ord(character): f"%{ord(character):02X}" for character in "<>[]`*~|\\"}
"""What `without_markup` changes, as an address may write it without becoming another one."""
_MARGIN = 10
"""Characters for what a service puts between title and body."""
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
