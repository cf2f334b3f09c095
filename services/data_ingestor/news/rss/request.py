"""Sends one request for a feed to a checked address. All its headers are valid whatever the server sent before."""

from __future__ import annotations

import base64
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from services.common.network.proxies import proxy_for
from services.common.tls import usual_trust
from services.data_ingestor.news.rss.addresses import Origin, public_addresses

MAX_REMEMBERED = 1_000
"""The maximum bytes of a header value that is sent back to the server.

Many servers refuse requests with more than 8 KB of headers."""
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

Headers = dict[bytes, bytes]


def sendable(value: bytes) -> bytes:
    """Return a server's header value unchanged if it may be sent back; else an empty value.

    A value may not be sent back if it is too long, contains a control character, or is not a valid HTTP field value.
    """
    if len(value) > MAX_REMEMBERED or value != value.strip():
        return b""
    return b"" if _CONTROL.search(value) else value


class CookiesOfRedirects:
    """The cookies that a server sets while it redirects. Without them some servers redirect endlessly."""

    def __init__(self) -> None:
        self._cookies = httpx.Cookies()

    def take(self, response: httpx.Response, url: httpx.URL) -> None:
        """Store the cookies of a response to a request for `url`."""
        asked = httpx.Request("GET", url)
        self._cookies.extract_cookies(
            httpx.Response(response.status_code, headers=response.headers.raw, request=asked)
        )

    def header(self, url: httpx.URL) -> bytes:
        """Return the header Cookie for `url`; empty if no cookie can be sent."""
        asked = httpx.Request("GET", url)
        asked.headers.encoding = "latin-1"
        try:
            self._cookies.set_cookie_header(asked)
        except UnicodeError:
            return b""
        return sendable(dict(asked.headers.raw).get(b"Cookie", b""))


@contextmanager
def answer_to(
    url: httpx.URL, headers: Headers, *, origin: Origin, timeout: float, deadline: float
) -> Iterator[httpx.Response]:
    """Send a request for `url` and return the response, whose body has not been read.

    The connection is made to the checked address, and the certificate is checked against the host name, so a
    different answer of the name server a moment later has no effect. A proxy resolves host names itself, so if a
    proxy is used, only the host in the URL is checked. For a configured local origin the address is not checked.

    Args:
        url: the address of the feed, or the target of its redirect.
        headers: the headers of the request, without Host.
        origin: the configured origin of the feed.
        timeout: the maximum seconds for each wait.
        deadline: the time on the monotonic clock after which no further address is tried.

    Raises:
        NeverWorks, TryLater: `url` may not be requested, see `Origin.check` and `public_addresses`.
        StopProgram: the environment's proxy or certificates cannot be used.
        httpx.HTTPError, httpx.InvalidURL: there is no response.
    """
    origin.check(url)
    proxy = proxy_for(str(url))
    is_free = proxy is not None or (origin.is_local and origin.has(url))
    addresses = ("",) if is_free else public_addresses(url, origin)
    # Not httpx.Client: it prepares the request of a redirect itself, and fails if that is invalid.
    with httpx.HTTPTransport(proxy=proxy, verify=_trust(url), trust_env=False) as transport:
        response = _first_answer(
            transport, [_request(url, headers, timeout, each) for each in addresses], deadline
        )
        try:
            yield response
        finally:
            response.close()


def _trust(url: httpx.URL) -> ssl.SSLContext | bool:
    # Loading the usual certificate authorities takes longer than the rest of the request.
    return usual_trust() if url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _first_answer(
    transport: httpx.HTTPTransport, requests: list[httpx.Request], deadline: float
) -> httpx.Response:
    for number, request in enumerate(requests, 1):
        try:
            return transport.handle_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if number == len(requests) or time.monotonic() > deadline:
                raise
    raise httpx.ConnectError("its name has no address")


def _request(url: httpx.URL, headers: Headers, timeout: float, address: str) -> httpx.Request:
    extensions: dict[str, object] = {"timeout": httpx.Timeout(timeout).as_dict()}
    headers = headers | {b"Host": url.netloc, b"Connection": b"keep-alive"}
    if url.userinfo:
        credentials = f"{url.username}:{url.password}".encode()
        headers |= {b"Authorization": b"Basic " + base64.b64encode(credentials)}
    if address:
        extensions["sni_hostname"] = url.raw_host.decode("ascii")
        url = url.copy_with(host=address)
    return httpx.Request("GET", url, headers=headers, extensions=extensions)
