from __future__ import annotations

import itertools

import pytest
from fakeredis._helpers import SimpleError, SimpleString
from hypothesis import given
from hypothesis import strategies as st

from services.common.store.embedded.resp import ProtocolError, RequestParser, encode_reply, encode_request

REQUESTS = st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=5), max_size=5)


@given(REQUESTS, st.lists(st.integers(0, 400), max_size=6))
def test_requests_are_read_whatever_the_portions(requests: list[list[bytes]], cuts: list[int]) -> None:
    stream = b"".join(encode_request(*fields) for fields in requests)
    parser = RequestParser()
    read = []
    edges = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        read += parser.feed(stream[start:end])
    assert read == requests
    assert parser.is_between_requests


def test_a_request_that_is_not_all_there_waits() -> None:
    parser = RequestParser()
    assert parser.feed(b"*2\r\n$4\r\nECHO\r\n$5\r\nhel") == []
    assert not parser.is_between_requests
    assert parser.feed(b"lo\r\n") == [[b"ECHO", b"hello"]]


def test_empty_requests_are_nothing() -> None:
    assert RequestParser().feed(b"*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n") == [[b"PING"]]


@pytest.mark.parametrize(
    "data",
    [
        b"PING\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"G",
        b"*1\r\nPING\r\n",
        b"*x\r\n",
        b"*99999999\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$99999999999\r\n",
        b"*1\r\n$2\r\nPING\r\n",
        b"*" + b"1" * 100,
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        RequestParser().feed(data)


@pytest.mark.parametrize(
    ("value", "version_2", "version_3"),
    [
        (b"text", b"$4\r\ntext\r\n", b"$4\r\ntext\r\n"),
        (b"", b"$0\r\n\r\n", b"$0\r\n\r\n"),
        ("\u00fc", b"$2\r\n\xc3\xbc\r\n", b"$2\r\n\xc3\xbc\r\n"),
        (SimpleString(b"OK"), b"+OK\r\n", b"+OK\r\n"),
        (SimpleError("WRONGTYPE a\r\nb"), b"-WRONGTYPE a b\r\n", b"-WRONGTYPE a b\r\n"),
        (None, b"$-1\r\n", b"_\r\n"),
        (True, b":1\r\n", b"#t\r\n"),
        (7, b":7\r\n", b":7\r\n"),
        (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
        ([1, [b"a"]], b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n", b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n"),
        ({b"k": 1}, b"*2\r\n$1\r\nk\r\n:1\r\n", b"%1\r\n$1\r\nk\r\n:1\r\n"),
        ({b"m"}, b"*1\r\n$1\r\nm\r\n", b"*1\r\n$1\r\nm\r\n".replace(b"*", b"~")),
    ],
)
def test_replies_in_both_versions(value: object, version_2: bytes, version_3: bytes) -> None:
    assert encode_reply(value, 2) == version_2
    assert encode_reply(value, 3) == version_3
