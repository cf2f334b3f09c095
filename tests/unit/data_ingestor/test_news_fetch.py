from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import NeverWorks, TryLater
from services.data_ingestor.news_fetch import (
    LONGEST_RETRY_AFTER,
    check_status,
    read_body,
    retry_after_seconds,
)
from tests.news_samples import NOW


def pieces(body: bytes, size: int = 7) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "x-gzip", "GZIP ", "deflate"])
@given(body=st.binary(max_size=200))
def test_a_body_is_put_together_and_decompressed(encoding: str, body: bytes) -> None:
    kind = encoding.strip().lower()
    packed = gzip.compress(body) if "gzip" in kind else zlib.compress(body) if kind == "deflate" else body
    assert read_body(pieces(packed), encoding, 200) == body


def test_a_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert read_body(pieces(b"x" * 100), "", 100) == b"x" * 100
    with pytest.raises(NeverWorks, match="larger than 100 bytes"):
        read_body(pieces(b"x" * 101), "", 100)
    with pytest.raises(NeverWorks, match="larger than 100 bytes"):
        read_body(pieces(gzip.compress(b"x" * 101)), "gzip", 100)


def test_reading_ends_where_the_limit_is_passed() -> None:
    bomb = iter(pieces(gzip.compress(b"\0" * 50_000_000), 1000))
    with pytest.raises(NeverWorks, match="larger"):
        read_body(bomb, "gzip", 10_000)
    assert len(list(bomb)) > 40  # of 49 pieces only the first were asked for


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(NeverWorks, match="only gzip was asked for"):
        read_body([b"x"], encoding, 100)


def test_a_compressed_body_that_is_none_is_refused() -> None:
    with pytest.raises(NeverWorks, match="said to be gzip"):
        read_body([b"<rss></rss>"], "gzip", 100)


def test_a_compressed_body_that_ends_early_may_be_whole_the_next_time() -> None:
    with pytest.raises(TryLater, match="ends early"):
        read_body([gzip.compress(b"x" * 50)[:-10]], "gzip", 100)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 599])
def test_a_status_that_may_pass_is_tried_again_when_the_server_says(status: int) -> None:
    with pytest.raises(TryLater, match=f"answered {status}") as caught:
        check_status(status, "120", NOW)
    assert caught.value.after == 120


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410])
def test_any_other_status_says_what_to_check(status: int) -> None:
    with pytest.raises(NeverWorks, match=f"answered {status}.*check the url"):
        check_status(status, "", NOW)


def test_two_hundred_is_a_feed() -> None:
    check_status(200, "", NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 40, LONGEST_RETRY_AFTER),
        (format_datetime(NOW + timedelta(minutes=5)), 300),
        (format_datetime(NOW - timedelta(minutes=5)), 0),
        ("Mon, 02 Mar 2026 12:00:30", 30),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Mon, 99 Foo 2026", None),
    ],
)
def test_the_pause_that_a_server_asks_for(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text(max_size=60))
def test_any_header_is_a_pause_within_a_day_or_none(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER
