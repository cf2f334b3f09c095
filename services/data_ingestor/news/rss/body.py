"""Joins and decompresses the body of a response, and limits its size.

Servers name encodings that do not exist (`utf-8`, `none`), label plain text as gzip, and compress twice. The first
bytes of the body are more reliable than the header, so the header is used only if these bytes do not show the
compression.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from services.common.errors import NeverWorks, TryLater

MAX_LAYERS = 3
"""The maximum number of decompression steps plus one. Honest servers compress a body at most twice."""

_PIECE = 64 * 1024
_BEGINNING = 256
"""The number of bytes by which the format of a body is recognised. A feed may begin with blank lines."""
_GZIP = b"\x1f\x8b\x08"
_BLANK = b"\xef\xbb\xbf\xff\xfe\0\t\n\r "
_ZLIB_HEADER_BYTES = 2
_RAW, _ZLIB, _GZIPPED = -zlib.MAX_WBITS, zlib.MAX_WBITS, 16 + zlib.MAX_WBITS
_ASKED_FOR = frozenset({"gzip", "x-gzip", "deflate"})
_NONE = frozenset({"", "identity"})


def read_body(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """Join the chunks of a body and decompress it.

    Memory use is at most `limit` bytes, plus a part of the data for each compression step.

    Args:
        chunks: the chunks as received.
        encoding: the header Content-Encoding, which may name several encodings or unknown ones.
        limit: the maximum size in bytes, before and after decompression.

    Raises:
        NeverWorks: the body is larger than `limit`, or is compressed in a way that was not requested or contradicts
            the header.
        TryLater: the compressed body ends early.
    """
    named = encoding.strip().lower()
    claims = [name for part in named.split(",") if (name := part.strip()) not in _NONE]
    for _ in range(MAX_LAYERS):
        beginning, chunks = _peek(chunks)
        if beginning.startswith(_GZIP):
            kind = _GZIPPED
        elif _is_markup(beginning) or not claims:
            return _bounded(chunks, limit)
        else:
            kind = _claimed(claims[-1], named, beginning)
        claims = claims[:-1]
        chunks = _inflated(chunks, kind, named or "gzip", limit)
    raise NeverWorks(f"is compressed more than {MAX_LAYERS - 1} times")


def _peek(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes of a body, and an iterator over the whole body."""
    rest = iter(chunks)
    head = b""
    for chunk in rest:
        head += chunk
        if len(head) >= _BEGINNING:
            break
    return head[:_BEGINNING], chain([head], rest)


def _is_markup(beginning: bytes) -> bool:
    return beginning.lstrip(_BLANK)[:1] == b"<"


def _claimed(name: str, header: str, beginning: bytes) -> int:
    """Return the compression that the header states for a body whose first bytes show neither gzip nor markup."""
    if name not in _ASKED_FOR:
        raise NeverWorks(f"is sent as {header[:40]!r}, though only gzip was requested")
    if len(beginning) < _ZLIB_HEADER_BYTES:  # the body ended early
        return _GZIPPED
    if beginning[0] & 0x0F == zlib.DEFLATED and int.from_bytes(beginning[:2], "big") % 31 == 0:
        return _ZLIB
    if name == "deflate":  # means zlib by RFC 9110; some servers omit zlib's header
        return _RAW
    raise NeverWorks(f"is said to be {header[:40]}, which it is not")


def _inflated(chunks: Iterable[bytes], kind: int, header: str, limit: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(kind)
    size = 0
    for chunk in chunks:
        rest, more = chunk, True
        while more:
            if inflater.eof:
                if kind != _GZIPPED or not rest or not _GZIP.startswith(rest[: len(_GZIP)]):
                    break
                inflater = zlib.decompressobj(kind)  # a file of gzip may have several parts
            try:
                piece = inflater.decompress(rest, _PIECE)
            except zlib.error as error:
                raise NeverWorks(f"is said to be {header[:40]}, which it is not: {error}") from error
            size += len(piece)
            _check_size(size, limit)
            yield piece
            rest = inflater.unused_data or inflater.unconsumed_tail
            more = bool(rest) or len(piece) == _PIECE
    if not inflater.eof:
        raise TryLater(f"the compressed answer ends early, after {size} bytes")


def _bounded(chunks: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        _check_size(len(body), limit)
    return bytes(body)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise NeverWorks(f"is larger than {limit} bytes (NEWS_MAX_FEED_BYTES)")
