"""The body of an answer: put together, unpacked whatever its headers say, and bounded.

Servers name encodings that are none (`utf-8`, `none`), call plain text gzip, and pack twice. What the body begins with
tells more than the header, so that is asked first, and the header only where the beginning does not tell.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from services.common.errors import NeverWorks, TryLater

MAX_LAYERS = 3
"""How often a body may be packed; nobody who means well packs more often."""

_PIECE = 64 * 1024
_BEGINNING = 256
"""Bytes that show what a body is; a feed may begin with blank lines."""
_GZIP = b"\x1f\x8b\x08"
_BLANK = b"\xef\xbb\xbf\xff\xfe\0\t\n\r "
_TELLING_BYTES = 2  # by which packed formats are told apart
_RAW, _ZLIB, _GZIPPED = -zlib.MAX_WBITS, zlib.MAX_WBITS, 16 + zlib.MAX_WBITS
_ASKED_FOR = frozenset({"gzip", "x-gzip", "deflate"})
_NONE = frozenset({"", "identity"})


def read_body(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """Put a body together and decompress it, never holding more than `limit` bytes and a piece for each layer.

    Args:
        chunks: as they come from the network.
        encoding: the header Content-Encoding, which may name several, or none that is one.
        limit: in bytes, for the body and whatever it is unpacked from.

    Raises:
        NeverWorks: larger than `limit`, or packed in a way that was not asked for or is not what the header says.
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
    raise NeverWorks(f"is packed more than {MAX_LAYERS - 1} times")


def _peek(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """How a body begins, and the whole of it."""
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
    """How to unpack what begins neither as gzip nor as a feed does."""
    if name not in _ASKED_FOR:
        raise NeverWorks(f"is sent as {header[:40]!r}, though only gzip was asked for")
    if len(beginning) < _TELLING_BYTES:
        return _GZIPPED
    if beginning[0] & 0x0F == zlib.DEFLATED and int.from_bytes(beginning[:2], "big") % 31 == 0:
        return _ZLIB
    if name == "deflate":  # RFC 9110 means zlib by it; some servers leave zlib's header out
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
