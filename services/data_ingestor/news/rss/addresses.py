"""Decides from which network addresses a feed may be fetched.

A feed may be fetched from the public internet and from the origin that the operator configured.

The operator of a source, or an attacker who can change the source's answers, can redirect our requests and can make
the source's host name resolve to any address. Such a request must not reach anything that is accessible only from
this machine, namely its own services, its network and a cloud's metadata service.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

import httpx

from services.common.errors import NeverWorks, TryLater
from services.common.network.proxies import Address, is_loopback, written_address
from services.data_ingestor.news.urls import shown

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER_PUBLIC = (
    ipaddress.ip_network("64:ff9b:1::/48"),  # NAT64 within a local network
    ipaddress.ip_network("192.0.0.0/24"),  # for protocols; some Python versions count most of it as global
    ipaddress.ip_network("3fff::/20"),  # for documentation; some Python versions count it as global
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's metadata service for virtual machines
)
# Endings that are never registered on the internet: RFC 6761, 6762, 8375, ICANN's .internal, and common practice.
_LOCAL_ENDINGS = (
    *("localhost", "local", "internal", "home.arpa", "test", "invalid", "onion"),
    *("localdomain", "lan", "intranet", "corp", "home", "private", "svc"),
)
_PORTS = {"http": 80, "https": 443}


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet.

    An IPv6 address that embeds an IPv4 address (mapped, 6to4, NAT64) is public if the embedded address is.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if (inner := _ipv4_within(address)) is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    if any(address in network for network in _NEVER_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _ipv4_within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_local_name(host: str) -> bool:
    """Whether a host name or address must belong to this machine or its own network. The name is not resolved."""
    name = host.rstrip(".").lower()
    if (address := written_address(name)) is not None:
        return not is_public(address)
    if is_loopback(name) or "." not in name:
        return True
    return name.endswith(tuple(f".{ending}" for ending in _LOCAL_ENDINGS))


@dataclass(frozen=True, slots=True)
class Origin:
    """The configured address of a source.

    Attributes:
        url: the address as configured.
        is_local: whether the address may lie outside the public internet, because its host name is local or the
            operator set `own_network`.
    """

    url: httpx.URL
    is_local: bool

    @classmethod
    def of(cls, url: httpx.URL, *, own_network: bool = False) -> Origin:
        """Return the origin for a source's `url`; see `FeedConfig` for `own_network`."""
        return cls(url, own_network or is_local_name(_host(url)))

    def has(self, url: httpx.URL) -> bool:
        """Whether `url` has the same host and port as the origin, or the same host with TLS."""
        if _host(url) != _host(self.url):
            return False
        return _port(url) == _port(self.url) or (_port(self.url), _port(url)) == (80, 443)

    def check(self, url: httpx.URL) -> None:
        """Check by the host name alone whether `url` may be requested.

        Raises:
            NeverWorks: the host is not public, and `url` does not belong to this origin.
        """
        if self.has(url):
            return
        if not _host(url) or is_local_name(_host(url)):
            raise NeverWorks(
                f"redirects to {shown(str(url))}, which is not on the public internet; if the feed has moved to your "
                "own network, make that address the url of this source"
            )


def public_addresses(url: httpx.URL, origin: Origin) -> tuple[str, ...]:
    """Return the addresses of the host of `url`; the connection must use one of these addresses.

    Raises:
        TryLater: the name cannot be resolved, or one of the addresses is not public.
    """
    host = _host(url)
    try:
        found = socket.getaddrinfo(host, _port(url), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TryLater(f"cannot be fetched: the name {host} cannot be resolved: {error}") from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_public(ipaddress.ip_address(address)):
            raise TryLater(_not_public(host, address, is_redirect=not origin.has(url)))
    return addresses


def _not_public(host: str, address: str, *, is_redirect: bool) -> str:
    what = f"the name {host} resolves to {address}, which is not on the public internet"
    if is_redirect:
        return f"redirects to an address that is not allowed: {what}"
    return f"cannot be fetched: {what}; if this source is on your own network, set own_network = true for it"


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").rstrip(".").lower()


def _port(url: httpx.URL) -> int:
    return url.port or _PORTS.get(url.scheme, 0)
