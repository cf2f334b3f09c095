"""Whether a request came straight from a program on this machine, and from a page of ours if from a page at all."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

_FORWARDING = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}
)
_FORWARDING_PREFIXES = ("x-forwarded", "x-original-")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's loopback. No name is resolved."""
    if host.lower().rstrip(".") == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return False


def is_forwarded(connection: HTTPConnection) -> bool:
    """Whether a proxy says that it passed the request on."""
    return any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIXES) for name in connection.headers)


def has_local_host(connection: HTTPConnection) -> bool:
    """Whether the request names this machine. A page whose name was rebound to loopback names its own host."""
    hosts = connection.headers.getlist("host")
    return len(hosts) == 1 and is_loopback(_host_of(hosts[0]))


def is_foreign(connection: HTTPConnection, allowed: Collection[str]) -> bool:
    """Whether a browser sent the request for a page that is neither ours nor of an origin in API_ORIGINS."""
    origins = connection.headers.getlist("origin")
    if not origins:
        return False
    if len(origins) > 1:
        return True
    own = connection.headers.get("host", "").lower()
    return origins[0] not in allowed and urlsplit(origins[0]).netloc.lower() != own


def is_embedded(connection: HTTPConnection) -> bool:
    """Whether a browser asks for something that a page of another site embeds, such as an image or a script."""
    headers = connection.headers
    return (
        headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        and headers.get("sec-fetch-dest") != "document"
    )


def _host_of(value: str) -> str:
    with suppress(ValueError):
        return urlsplit(f"//{value}").hostname or ""
    return ""
