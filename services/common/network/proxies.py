"""Choice of the proxy for an address. Addresses on this machine are never requested through a proxy.

The proxies come from the environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in upper or lower case. HTTP
libraries disagree about which entries of NO_PROXY mean this machine, and fail in different ways on malformed entries,
so all our clients use this module.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import urllib.request
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from services.common.errors import StopProgram
from services.common.network.credentials import without_credentials

SCHEMES = ("http", "https", "socks5", "socks5h")
# As the hosts files of Debian and Red Hat have them
_NAMES_HERE = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
_HERE = (*_NAMES_HERE, "127.0.0.0/8", "127.0.0.1", "::1")
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_*")

_environment = threading.RLock()  # held while the variables are read, and while they are hidden

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_loopback(host: str) -> bool:
    """Return whether a host name or IP address means this machine: `localhost` and its other names, 127.0.0.0/8, ::1.

    The address of all interfaces (0.0.0.0, ::) counts too, because a connection to it reaches this machine. Names are
    not resolved.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name in _NAMES_HERE or name.endswith(".localhost"):
        return True
    address = written_address(name)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address is not None and (address.is_loopback or address.is_unspecified)


def proxy_for(url: str, proxies: Mapping[str, str] | None = None) -> str | None:
    """Return the proxy to use for `url`; None means a direct connection.

    Args:
        url: an absolute http or https address.
        proxies: the proxies by scheme, with `all` and `no`, as from `urllib.request.getproxies`. If None, those of
            the environment are used.

    Raises:
        StopProgram: the variable that decides has an invalid value. The message names the variable and the allowed
            values. This is never raised for addresses on this machine.
    """
    found = _choose(url, proxies)
    return found[1] if found else None


def by_way_of(url: str, proxies: Mapping[str, str] | None = None) -> str:
    """Return a text for messages that names the proxy used for `url`; it is empty without a proxy."""
    found = _choose(url, proxies)
    return f", asked through the proxy of {found[0]} ({without_credentials(found[1])})" if found else ""


def shield_loopback(environ: MutableMapping[str, str]) -> None:
    """Add this machine to NO_PROXY, for libraries and programs that read the variables themselves.

    Brackets around an IPv6 address are removed, because some programs end with an error on them. Nothing changes if
    no proxy is set.
    """
    names = {name for name in environ if name.lower().endswith("_proxy") and environ[name]}
    if not {name for name in names if name.lower() != "no_proxy"}:
        return
    given = environ.get("no_proxy") or environ.get("NO_PROXY", "")
    entries = [_without_brackets(entry) for entry in _entries(given)]
    text = ",".join(dict.fromkeys([*entries, *_HERE]))
    environ["no_proxy"] = environ["NO_PROXY"] = text


@contextmanager
def hidden_variables(*names: str) -> Iterator[None]:
    """Hide the proxy variables and `names` from Python code while a library reads the environment by itself.

    The environment of the process stays as it is: a thread that reads it in C code, as for a local time, would crash
    while another one changes it (the notes of setenv(3)).
    """
    with _environment:
        whole = os.environ
        shown = {
            name: value
            for name, value in whole.items()
            if name not in names and not name.lower().endswith("_proxy")
        }
        os.environ = cast("Any", shown)  # noqa: B003 - see above
        try:
            yield
        finally:
            os.environ = whole  # noqa: B003


def _choose(url: str, proxies: Mapping[str, str] | None) -> tuple[str, str] | None:
    """Return the name of the variable that sets the proxy, and the proxy. None means a direct connection."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if is_loopback(host):
        return None
    if proxies is None:
        with _environment:
            proxies = urllib.request.getproxies()
    scheme = parts.scheme if proxies.get(parts.scheme) else "all"
    text = proxies.get(scheme, "").strip()
    if not text or _is_exempt(host, _port(parts), proxies.get("no", "")):
        return None
    variable = f"{scheme.upper()}_PROXY"
    proxy = text if "://" in text else f"http://{text}"
    if not _is_proxy(proxy):
        raise StopProgram(
            f"{variable}={without_credentials(text)}: no proxy that can be used; write it as http://HOST:PORT or "
            "socks5://HOST:PORT, or unset it"
        )
    return variable, proxy


def _is_proxy(text: str) -> bool:
    with suppress(ValueError):
        parts = urlsplit(text)
        return parts.scheme in SCHEMES and _is_host(parts.hostname or "") and parts.port != 0
    return False


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Return whether NO_PROXY contains the host itself, a parent domain of it, or a network that includes it."""
    # A list, so that every entry is read and a malformed one is refused even after an entry that matches.
    covered = [_covers(entry, host, port) for entry in _entries(no_proxy)]
    return any(covered)


def _entries(no_proxy: str) -> list[str]:
    return no_proxy.replace(",", " ").split()


def _covers(entry: str, host: str, port: int) -> bool:
    name, only_port = _split_entry(entry)
    if only_port is not None and only_port != port:
        return False
    if "/" in name:
        address = written_address(host)
        return address is not None and address in ipaddress.ip_network(name, strict=False)
    if (wanted := written_address(name)) is not None:
        return wanted == written_address(host)
    if "*" in name:
        return fnmatchcase(host, name)
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _split_entry(entry: str) -> tuple[str, int | None]:
    """Return an entry's name, address or network in lower case, and its port or None. Raises StopProgram."""
    text = entry.rpartition("://")[2].rstrip("/").lower()
    with suppress(ValueError):
        if "/" in text:
            return str(ipaddress.ip_network(text, strict=False)), None
        if written_address(_without_brackets(text)) is not None:
            return _without_brackets(text), None
        parts = urlsplit(f"//{text}")
        if _is_host(parts.hostname or "") and parts.username is None and not parts.query:
            return parts.hostname or "", parts.port
    raise StopProgram(
        f"NO_PROXY: {entry[:80]!r} is no host, domain or network; write them separated by commas, such as "
        "localhost,.example.com,10.0.0.0/8"
    )


def _without_brackets(text: str) -> str:
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _is_host(name: str) -> bool:
    return bool(name) and (written_address(name) is not None or set(name) <= _HOST_CHARACTERS)


def written_address(name: str) -> Address | None:
    """Parse an IP address, also in the short forms that resolvers accept (127.1); None if the text is a name."""
    with suppress(ValueError):
        return ipaddress.ip_address(name.partition("%")[0])
    if name[:1].isdigit() and set(name) <= set("0123456789abcdefx."):
        with suppress(OSError):
            return ipaddress.IPv4Address(socket.inet_aton(name))
    return None


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
