from __future__ import annotations

import httpx
import pytest

from services.data_ingestor.news.rss.request import MAX_REMEMBERED, CookiesOfRedirects, sendable

URL = httpx.URL("https://paper.example/rss")


@pytest.mark.parametrize(
    "value", [b'"v1"', b'W/"a b"', b'"\xa0\xff"', b"Mon, 02 Mar 2026 11:00:00 GMT", b'"a\tb"']
)
def test_what_http_allows_is_sent_back_byte_for_byte(value: bytes) -> None:
    assert sendable(value) == value


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b'"a\nb"',
        b'"a\r\nHost: x"',
        b"\x00",
        b"\x1b[31m",
        b"\x7f",
        b" a",
        b"x" * (MAX_REMEMBERED + 1),
    ],
)
def test_nothing_is_sent_back_of_what_it_does_not_allow(value: bytes) -> None:
    assert sendable(value) == b""


def test_cookies_are_sent_to_the_host_that_set_them() -> None:
    cookies = CookiesOfRedirects()
    cookies.take(httpx.Response(302, headers=[(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=\xff")]), URL)
    cookies.take(httpx.Response(302, headers=[(b"Set-Cookie", b"c=3; Domain=other.example")]), URL)
    assert cookies.header(URL) == b"a=1; b=\xff"
    assert cookies.header(httpx.URL("https://other.example/rss")) == b""
