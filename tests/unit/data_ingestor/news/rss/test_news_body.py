from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import NeverWorks, TryLater
from services.data_ingestor.news.rss.body import read_body

FEED = b"\n<?xml version='1.0'?><rss><channel/></rss>" + b" " * 300


def pieces(body: bytes, size: int = 7) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def zipped(body: bytes) -> bytes:
    """Without the time, as the bytes are part of the names of tests, which every process must find alike."""
    return gzip.compress(body, mtime=0)


def raw_deflate(body: bytes) -> bytes:
    return zlib.compress(body)[2:-4]


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "x-gzip", "GZIP ", "deflate"])
@given(body=st.binary(max_size=200).filter(lambda body: not body.startswith(b"\x1f\x8b")))  # not gzip itself
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


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "compress", "utf-8"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(NeverWorks, match="only gzip was requested"):
        read_body([b"x"], encoding, 100)


def test_a_compressed_body_that_is_none_is_refused() -> None:
    for body in (b"Blocked", b"{}", b"\x89PNG"):
        with pytest.raises(NeverWorks, match="said to be gzip"):
            read_body([body], "gzip", 100)


@pytest.mark.parametrize(
    "encoding",
    ["none", "utf-8", "UTF8", "binary", "8bit", "br", "gzip", "deflate", "gzip, gzip", "text/xml", ","],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_feed_that_is_not_packed_is_read_whatever_its_header_says(encoding: str, charset: str) -> None:
    body = FEED.decode().encode(charset)
    assert read_body(pieces(body), encoding, 1000) == body


@pytest.mark.parametrize("encoding", ["", "identity", "utf-8", "br", "deflate", "gzip", "gzip, utf-8"])
def test_a_feed_that_is_packed_with_gzip_is_unpacked_whatever_its_header_says(encoding: str) -> None:
    assert read_body(pieces(gzip.compress(FEED)), encoding, 1000) == FEED


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (zipped(zipped(FEED)), "gzip, gzip"),
        (zipped(zipped(FEED)), "gzip"),
        (zipped(FEED[:100]) + zipped(FEED[100:]), "gzip"),
        (zlib.compress(FEED), "deflate"),
        (zlib.compress(FEED), "gzip"),
        (raw_deflate(FEED), "deflate"),
        (zipped(raw_deflate(FEED)), "deflate, gzip"),
        (zipped(FEED) + b"\0\0", "gzip"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_feed_is_unpacked_however_it_is_zipped(packed: bytes, encoding: str, size: int) -> None:
    assert read_body(pieces(packed, size), encoding, 1000) == FEED


def test_a_large_feed_is_unpacked_whole() -> None:
    body = FEED + bytes(range(256)) * 4096
    assert read_body([gzip.compress(body)], "gzip", len(body)) == body
    zeros = FEED + bytes(3 * 64 * 1024 - len(FEED))
    assert read_body([gzip.compress(zeros)], "gzip", len(zeros)) == zeros


def test_no_layer_of_a_bomb_is_unpacked_beyond_the_limit() -> None:
    inner = gzip.compress(b"\0" * 50_000_000)
    for bomb in (gzip.compress(inner), gzip.compress(gzip.compress(b"") + b"\0" * 50_000_000)):
        with pytest.raises(NeverWorks, match="larger"):
            read_body(pieces(bomb, 1000), "gzip", 10_000)
    with pytest.raises(NeverWorks, match="compressed more than"):
        read_body([gzip.compress(gzip.compress(gzip.compress(FEED)))], "gzip", 10_000)


def test_a_compressed_body_that_ends_early_may_be_whole_the_next_time() -> None:
    with pytest.raises(TryLater, match="ends early"):
        read_body([gzip.compress(b"x" * 50)[:-10]], "gzip", 100)
