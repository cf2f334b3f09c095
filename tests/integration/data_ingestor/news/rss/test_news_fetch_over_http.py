from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from services.common.errors import NeverWorks, TryLater
from services.data_ingestor.news.rss.fetch import MAX_REDIRECTS, FeedRequest, Fetched, NotModified, fetch
from tests.support.news.news_feed_server import Answer, FeedServer, reply
from tests.support.news.news_samples import NOW, Item, rss

FEED = rss([Item()])
LIMIT = 5_000_000


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def request(url: str, *, timeout: float = 30.0, etag: bytes = b"", last_modified: bytes = b"") -> FeedRequest:
    return FeedRequest(url, "Reader/1", timeout, LIMIT, NOW, etag, last_modified)


def test_a_feed_is_fetched_with_what_describes_it(server: FeedServer) -> None:
    url = server.set("/rss", reply(FEED, ETag='"v1"', Last_Modified="Mon, 02 Mar 2026 11:00:00 GMT"))
    assert fetch(request(url)) == Fetched(
        FEED, "application/rss+xml", url, b'"v1"', b"Mon, 02 Mar 2026 11:00:00 GMT"
    )
    (headers,) = server.asked("/rss")
    assert headers["User-Agent"] == "Reader/1"
    assert headers["Accept-Encoding"] == "gzip"
    assert not {"If-None-Match", "If-Modified-Since"} & set(headers)


def test_a_compressed_feed_is_unpacked(server: FeedServer) -> None:
    url = server.set("/rss", reply(gzip.compress(FEED), Content_Encoding="gzip"))
    answer = fetch(request(url))
    assert isinstance(answer, Fetched)
    assert answer.body == FEED


def test_a_feed_that_has_not_changed_is_not_sent_again(server: FeedServer) -> None:
    url = server.set("/rss", reply(status=304))
    assert fetch(request(url, etag=b'"v1"', last_modified=b"yesterday")) == NotModified()
    (headers,) = server.asked("/rss")
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == ('"v1"', "yesterday")


def test_not_modified_to_a_question_never_asked_is_an_error(server: FeedServer) -> None:
    with pytest.raises(NeverWorks, match="304"):
        fetch(request(server.set("/rss", reply(status=304))))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: FeedServer, status: int) -> None:
    final = server.set("/new/rss", reply(FEED))
    url = server.set("/rss", reply(status=status, Location="new/rss"))
    answer = fetch(request(url))
    assert isinstance(answer, Fetched)
    assert (answer.body, answer.url) == (FEED, final)


@pytest.mark.parametrize(
    ("location", "reason"),
    [("/rss", "more than 5 times"), ("file:///etc/passwd", "cannot be used"), ("", "where to go")],
)
def test_a_redirect_in_circles_or_out_of_the_web_is_refused(
    server: FeedServer, location: str, reason: str
) -> None:
    url = server.set("/rss", reply(status=302, Location=location))
    with pytest.raises(NeverWorks, match=reason):
        fetch(request(url))
    assert len(server.requests) <= MAX_REDIRECTS + 1


def test_a_server_that_asks_for_patience_is_given_it(server: FeedServer) -> None:
    url = server.set("/rss", reply(status=429, Retry_After="77"))
    with pytest.raises(TryLater, match="429 Too Many Requests") as caught:
        fetch(request(url))
    assert caught.value.after == 77


def test_an_error_of_the_server_is_tried_again_later(server: FeedServer) -> None:
    with pytest.raises(TryLater, match="500 Internal Server Error"):
        fetch(request(server.set("/rss", reply(FEED, status=500))))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(b" " * (LIMIT + 1)), id="plain"),
        pytest.param(reply(gzip.compress(b" " * 200_000_000, 1), Content_Encoding="gzip"), id="gzip bomb"),
    ],
)
def test_a_feed_larger_than_the_limit_is_refused(server: FeedServer, answer: Answer) -> None:
    with pytest.raises(NeverWorks, match="larger than 5000000 bytes"):
        fetch(request(server.set("/rss", answer)))


def test_a_body_that_comes_drop_by_drop_is_given_up(server: FeedServer) -> None:
    url = server.set("/rss", server.drip_body)
    with pytest.raises(TryLater, match=r"took longer than 2 s .*bytes received"):
        fetch(request(url, timeout=2.0))  # in which the first drop comes on a busy machine too


def test_an_answer_that_never_comes_is_given_up(server: FeedServer) -> None:
    with pytest.raises(TryLater, match="ReadTimeout"):
        fetch(request(server.set("/rss", server.hang), timeout=0.3))


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(FEED) + 100))
    handler.end_headers()
    handler.wfile.write(FEED)
    handler.close_connection = True


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"220 mail.example ESMTP\r\n")
    handler.close_connection = True


@pytest.mark.parametrize("answer", [cut_short, no_http])
def test_a_broken_answer_is_tried_again_later(server: FeedServer, answer: Answer) -> None:
    with pytest.raises(TryLater, match="RemoteProtocolError"):
        fetch(request(server.set("/rss", answer)))


def test_a_server_without_tls_is_no_https(server: FeedServer) -> None:
    with pytest.raises(TryLater, match="ConnectError"):
        fetch(request(server.url.replace("http:", "https:") + "/rss"))


def test_where_nobody_listens_the_message_shows_no_secret() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening: refused, and nobody else gets it
        url = f"http://me:hidden@127.0.0.1:{taken.getsockname()[1]}/rss?key=hidden"
        with pytest.raises(TryLater, match="ConnectError") as caught:
            fetch(request(url))
    assert "hidden" not in str(caught.value)
