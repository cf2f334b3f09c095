"""Fetches one feed with limits on time and size, conditional requests, and a few redirects, which are checked.

The timeouts of an HTTP library apply to each wait, not to the whole request. So if a server sends one byte from time
to time, or a resolver hangs, the request can take arbitrarily long. For this reason the time for the body is checked
here, and the whole fetch runs in a process that can be killed (see `isolated`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.network.proxies import by_way_of
from services.data_ingestor.news.rss.addresses import Origin
from services.data_ingestor.news.rss.body import read_body
from services.data_ingestor.news.rss.request import CookiesOfRedirects, Headers, answer_to, sendable
from services.data_ingestor.news.urls import redirect_target, shown

MAX_REDIRECTS = 5
LONGEST_RETRY_AFTER = 24 * 3600.0
_ACCEPT = b"application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAY_PASS = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """The parameters of a fetch.

    `timeout` limits the whole fetch, in seconds. `max_bytes` limits the decompressed body. `now` is in UTC. `etag`
    and `last_modified` are the validators of the last `Fetched`. With `past_caches`, all caches between here and the
    origin server must forward the request to the origin server. For `own_network` see `FeedConfig`.
    """

    url: str
    user_agent: str
    timeout: float
    max_bytes: int
    now: datetime
    etag: bytes = b""
    last_modified: bytes = b""
    past_caches: bool = False
    own_network: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed as its server sent it, after decompression. `url` is the address after redirects.

    The validators `etag` and `last_modified` are the unchanged bytes of the server. A validator is empty if it cannot
    be sent back.
    """

    body: bytes
    content_type: str
    url: str
    etag: bytes = b""
    last_modified: bytes = b""


@dataclass(frozen=True, slots=True)
class NotModified:
    """The feed has not changed since the response whose validators were sent."""


def fetch(request: FeedRequest) -> Fetched | NotModified:
    """Fetch a feed.

    Raises:
        TryLater: the server cannot be reached, is too slow, has an error, or asks to wait for `after` seconds.
        NeverWorks: the request is refused, or the feed is not found, too large, or redirected to a forbidden address.
    """
    deadline = time.monotonic() + request.timeout
    url = httpx.URL()
    cookies = CookiesOfRedirects()
    try:
        url = httpx.URL(request.url)
        origin = Origin.of(url, own_network=request.own_network)
        for _ in range(MAX_REDIRECTS + 1):
            headers = _headers(request, cookies.header(url))
            with answer_to(
                url, headers, origin=origin, timeout=request.timeout, deadline=deadline
            ) as response:
                if response.status_code not in _REDIRECTS:
                    return _read(response, str(url), request, deadline)
                cookies.take(response, url)
                url = httpx.URL(redirect_target(str(url), _location(response)))
            _check_time(deadline, request.timeout, "following redirects")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        # A host name with characters that are not allowed raises a UnicodeError, which quotes it.
        kind, why = type(error).__name__, "" if isinstance(error, UnicodeError) else f": {error}"
        raise TryLater(f"cannot be fetched: {kind}{why}{by_way_of(str(url))}") from error
    except StopProgram as error:  # this source cannot be fetched; the service goes on
        raise TryLater(f"cannot be fetched: {error}") from error
    raise NeverWorks(f"redirects more than {MAX_REDIRECTS} times, last to {shown(str(url))}")


def _headers(request: FeedRequest, cookie: bytes) -> Headers:
    headers = {
        b"User-Agent": request.user_agent.encode(),
        b"Accept": _ACCEPT,
        b"Accept-Encoding": b"gzip",
        b"Cookie": cookie,
        b"If-None-Match": request.etag,
        b"If-Modified-Since": request.last_modified,
    }
    if request.past_caches:
        headers |= {b"Cache-Control": b"no-cache", b"Pragma": b"no-cache"}
    return {name: value for name, value in headers.items() if value}


def _location(response: httpx.Response) -> str:
    location: str = response.headers.get("Location", "")
    if not location:
        raise NeverWorks(f"answered {response.status_code} without saying where to go")
    return location


def _read(response: httpx.Response, url: str, request: FeedRequest, deadline: float) -> Fetched | NotModified:
    conditional = bool(request.etag or request.last_modified)
    if response.status_code == HTTPStatus.NOT_MODIFIED and conditional:
        return NotModified()
    check_status(response.status_code, response.headers.get("Retry-After", ""), request.now)
    chunks = _in_time(response.iter_raw(), deadline, request.timeout)
    return Fetched(
        body=read_body(chunks, response.headers.get("Content-Encoding", ""), request.max_bytes),
        content_type=response.headers.get("Content-Type", ""),
        url=url,
        etag=_validator(response, b"etag"),
        last_modified=_validator(response, b"last-modified"),
    )


def _validator(response: httpx.Response, name: bytes) -> bytes:
    values = [value for header, value in response.headers.raw if header.lower() == name]
    return sendable(values[0]) if len(values) == 1 else b""


def check_status(status: int, retry_after: str, now: datetime) -> None:
    """Check that an HTTP status means success.

    Raises:
        TryLater: a later request may succeed. The error contains the seconds of `retry_after` if the server sent
            them.
        NeverWorks: a later request will fail too unless something is changed.
    """
    if status == HTTPStatus.OK:
        return
    try:
        answer = f"answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        answer = f"answered {status}"
    if status in _MAY_PASS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TryLater(answer, after=retry_after_seconds(retry_after, now))
    raise NeverWorks(f"{answer}; check the url of this source")


def retry_after_seconds(header: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), at most a day; None if it is invalid."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        return min(float(header[:9]), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def _in_time(chunks: Iterable[bytes], deadline: float, timeout: float) -> Iterator[bytes]:
    received = 0
    for chunk in chunks:
        received += len(chunk)
        _check_time(deadline, timeout, f"{received} bytes received")
        yield chunk


def _check_time(deadline: float, timeout: float, progress: str) -> None:
    if time.monotonic() > deadline:
        raise TryLater(f"took longer than {timeout:g} s (NEWS_TIMEOUT; {progress})")
