"""Whoever runs a source, or gets an entry into it, tries to stop it for good: with headers that make our next request
impossible, or with one character that makes the whole feed unreadable."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.errors import NeverWorks, TryLater
from services.common.settings.settings import Settings
from services.data_ingestor.news.rss.fetch import FeedRequest, Fetched, fetch
from services.data_ingestor.news.rss.parse import parse_feed
from services.data_ingestor.news.rss.source import FeedConfig
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.source_poller import SourcePoller
from tests.support.news.news_feed_server import Answer, FeedServer, reply
from tests.support.news.news_samples import NOW, Item, numbered, rss

FEED = rss([Item()])
LATIN = bytes(range(0xA0, 0x100))


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[SeenArticles]:
    articles = SeenArticles(tmp_path / "seen.sqlite3")
    yield articles
    articles.close()


def poller(feed_server: FeedServer, seen: SeenArticles) -> SourcePoller:
    settings = Settings(news_timeout=20.0)
    source = FeedConfig(name="paper", url=feed_server.url + "/rss").open(settings)
    return SourcePoller(source, settings, ManualClock(NOW), seen)


def answer(body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> Answer:
    """An answer whose headers are these bytes."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        lines = [b"%s: %s\r\n" % header for header in (*headers, (b"Content-Length", b"%d" % len(body)))]
        handler.wfile.write(b"HTTP/1.1 %d OK\r\n%s\r\n%s" % (status, b"".join(lines), body))
        handler.close_connection = True

    return write


HOSTILE = {
    "UTF-8": '"\u20bf\U0001f680"'.encode(),
    "latin-1": b'"' + LATIN + b'"',
    "weak": b'W/"' + LATIN + b'"',
    "huge": b'"' + b"x" * 60_000 + b'"',
    "long": b'"' + b"x" * 9_000 + b'"',
    "empty": b"",
    "blank": b" \t ",
    "tabs": b'"a\tb"',
    "folded": b'"a\r\n b"',
    "no quotes": b"\x80\xff",
    "commas": b'"a", "b", *',
}


def request(url: str, before: Fetched | None = None) -> FeedRequest:
    etag, modified = (before.etag, before.last_modified) if before else (b"", b"")
    return FeedRequest(url, "Reader/1", 20.0, 1_000_000, NOW, etag, modified)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", [b"ETag", b"Last-Modified", b"Content-Type", b"Retry-After", b"Set-Cookie"])
def test_no_header_of_a_server_makes_the_next_request_impossible(
    feed_server: FeedServer, name: bytes, value: bytes
) -> None:
    url = feed_server.set("/rss", answer(FEED, (name, value)))
    first = fetch(request(url))
    assert isinstance(first, Fetched)
    assert isinstance(fetch(request(url, first)), Fetched)
    assert parse_feed(first).entries
    assert sum(map(len, feed_server.requests[1][1].values())) < 4_000


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_no_cookie_of_a_redirect_keeps_us_from_following_it(feed_server: FeedServer, value: bytes) -> None:
    final = feed_server.set("/new", reply(FEED))
    url = feed_server.set(
        "/rss", answer(b"", (b"Set-Cookie", b"a=" + value), (b"Location", b"/new"), status=302)
    )
    found = fetch(request(url))
    assert isinstance(found, Fetched)
    assert found.url == final


def test_a_source_whose_server_sends_odd_headers_goes_on(feed_server: FeedServer, seen: SeenArticles) -> None:
    odd = ((b"ETag", HOSTILE["UTF-8"]), (b"Last-Modified", HOSTILE["latin-1"]), (b"Set-Cookie", b"a=\xff"))
    feed_server.set("/rss", answer(rss(numbered(1)), *odd), answer(rss(numbered(2)), *odd))
    source = poller(feed_server, seen)
    for _ in range(2):
        source.poll(threading.Event())
    assert source.state.last_error == ""
    assert seen.waiting_count == 2


@pytest.mark.parametrize(
    "location",
    [
        *(b"/" + value for value in HOSTILE.values()),
        b"//" + LATIN + b"/rss",
        b"http://xn--a/rss",
        b"http://[::1",
        b"http://" + b"a" * 70 + b".example/",
        b"http://a..example/",
        b"http://:0/",
        b"http://paper.invalid:99999/",
        b"//@/",
        b"\xff\xfe:",
        b"http://%00/",
    ],
)
def test_no_location_is_more_than_an_error_of_this_poll(feed_server: FeedServer, location: bytes) -> None:
    url = feed_server.set("/rss", answer(b"", (b"Location", location), status=302))
    with pytest.raises((TryLater, NeverWorks)):
        fetch(request(url))


def test_a_validator_that_may_be_sent_is_sent_back_byte_for_byte(
    feed_server: FeedServer, seen: SeenArticles
) -> None:
    etag, modified = b'"' + LATIN + b'"', "Mon, 02 M\u00e4rz 2026".encode("latin-1")
    feed_server.set(
        "/rss", answer(rss([Item()]), (b"ETag", etag), (b"Last-Modified", modified)), reply(status=304)
    )
    source = poller(feed_server, seen)
    for _ in range(2):
        source.poll(threading.Event())
    asked = feed_server.asked("/rss")[1]
    assert asked["If-None-Match"].encode("latin-1") == etag
    assert asked["If-Modified-Since"].encode("latin-1") == modified
    assert source.state.answers


def test_what_a_server_gave_us_is_forgotten_once_it_fails_with_it(
    feed_server: FeedServer, seen: SeenArticles
) -> None:
    feed_server.set(
        "/rss",
        reply(rss(numbered(1)), ETag='"v1"', Last_Modified="now"),
        reply(status=400),
        reply(rss(numbered(2))),
    )
    source = poller(feed_server, seen)
    for _ in range(3):
        source.poll(threading.Event())
    assert [headers.get("If-None-Match") for headers in feed_server.asked("/rss")] == [None, '"v1"', None]
    assert "If-Modified-Since" not in feed_server.asked("/rss")[2]
    assert seen.waiting_count == 2


@pytest.mark.parametrize(
    "number", ["55357", "xD83D", "xdfff", "1114112", "x110000", "9" * 30, "x" + "F" * 30]
)
@pytest.mark.parametrize("place", ["title", "link", "guid", "description"])
def test_one_entry_with_the_number_of_no_character_does_not_silence_the_others(
    number: str, place: str
) -> None:
    hostile = (
        f"<item><title>Bitcoin rises</title><{place}>https://paper.example/x&#{number};</{place}></item>"
    )
    honest = "".join(item.xml() for item in numbered(2))
    entries = parse_feed(Fetched(rss(hostile + honest), "text/xml", "https://paper.example/")).entries
    assert [entry.title for entry in entries[1:]] == [item.title for item in numbered(2)]
