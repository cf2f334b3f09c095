"""The Redis protocol as a server speaks it: requests in, replies out (https://redis.io/docs/reference/protocol-spec)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fakeredis._helpers import SimpleError, SimpleString

MAX_ARGUMENTS = 1024 * 1024
MAX_ARGUMENT_BYTES = 64 * 1024 * 1024
_MAX_HEADER_BYTES = 64
_RESP3 = 3


class ProtocolError(Exception):
    """What came is no request of this protocol; nothing after it can be understood."""


class RequestParser:
    """Takes bytes in any portions and gives the requests that are complete.

    The plain-text form of requests ("PING" and a line end) is refused, for a web page can make a browser send
    it to a port of loopback.

    Attributes:
        most_arguments: of a request; one with more is refused when it says so, before they have come.
        most_bytes: of an argument, likewise.
    """

    def __init__(self) -> None:
        self.most_arguments, self.most_bytes = MAX_ARGUMENTS, MAX_ARGUMENT_BYTES
        self._buffer = bytearray()
        self._fields: list[bytes] = []
        self._outstanding = 0  # arguments of the present request
        self._length = -1  # of the present argument; -1: not known yet

    def feed(self, data: bytes) -> list[list[bytes]]:
        """The requests that `data` completes, each as its arguments. Raises ProtocolError."""
        return list(self.requests(data))

    def requests(self, data: bytes) -> Iterator[list[bytes]]:
        """As `feed`, one after the other: what a request changes of the bounds counts for the next."""
        self._buffer += data
        position = 0
        try:
            while (end := self._read_item(position)) >= 0:
                position = end
                if self._fields and not self._outstanding:
                    fields, self._fields = self._fields, []
                    yield fields
        finally:
            del self._buffer[:position]

    @property
    def is_between_requests(self) -> bool:
        """Whether everything that came has been given."""
        return not self._buffer and not self._outstanding

    def _read_item(self, position: int) -> int:
        """Read one header line or one argument; returns the position behind it, -1 if it is not all there."""
        if self._length >= 0:
            return self._read_argument(position)
        end = self._buffer.find(b"\r\n", position, position + _MAX_HEADER_BYTES)
        if end < 0:
            if len(self._buffer) - position >= _MAX_HEADER_BYTES:
                raise ProtocolError("too big count string")
            if position < len(self._buffer):
                self._check_kind(self._buffer[position])
            return -1
        self._check_kind(self._buffer[position])
        try:
            number = int(self._buffer[position + 1 : end])
        except ValueError:
            raise ProtocolError("invalid length") from None
        if self._outstanding:
            if not 0 <= number <= self.most_bytes:
                raise ProtocolError("invalid bulk length")
            self._length = number
        else:
            if number > self.most_arguments:
                raise ProtocolError("invalid multibulk length")
            self._outstanding = max(number, 0)
        return end + 2

    def _check_kind(self, kind: int) -> None:
        expected = b"$" if self._outstanding else b"*"
        if kind != expected[0]:
            raise ProtocolError(f"expected '{expected.decode()}', got {bytes([kind])!r}")

    def _read_argument(self, position: int) -> int:
        end = position + self._length
        if len(self._buffer) < end + 2:
            return -1
        if self._buffer[end : end + 2] != b"\r\n":
            raise ProtocolError("an argument is longer than it says")
        self._fields.append(bytes(self._buffer[position:end]))
        self._outstanding -= 1
        self._length = -1
        return end + 2


def encode_request(*fields: bytes) -> bytes:
    """A command as a client sends it."""
    return b"*%d\r\n%s" % (len(fields), b"".join(_bulk(field) for field in fields))


def encode_reply(value: object, protocol: int) -> bytes:
    """A reply in version 2 or 3 of the protocol.

    fakeredis gives maps as lists already to a client of version 2; null, double and boolean differ here.
    """
    if isinstance(value, (bytes, str)):
        return _bulk(value.encode() if isinstance(value, str) else value)
    if isinstance(value, SimpleString):
        return b"+%s\r\n" % value.value
    if isinstance(value, SimpleError):
        return b"-%s\r\n" % " ".join(value.value.split()).encode()
    if isinstance(value, dict):
        pairs = [item for pair in value.items() for item in pair]
        return _aggregate(b"%" if protocol == _RESP3 else b"*", pairs, protocol)
    if isinstance(value, (list, tuple, set, frozenset)):
        is_set = isinstance(value, (set, frozenset)) and protocol == _RESP3
        return _aggregate(b"~" if is_set else b"*", list(value), protocol)
    return _encode_number(value, protocol)


def _encode_number(value: object, protocol: int) -> bytes:
    if value is None:
        return b"_\r\n" if protocol == _RESP3 else b"$-1\r\n"
    if isinstance(value, bool):
        return b"#%s\r\n" % (b"t" if value else b"f") if protocol == _RESP3 else b":%d\r\n" % value
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, float):
        text = b"%.17g" % value
        return b",%s\r\n" % text if protocol == _RESP3 else _bulk(text)
    raise TypeError(f"no reply can be made of a {type(value).__name__}")


def _bulk(data: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(data), data)


def _aggregate(kind: bytes, items: Sequence[object], protocol: int) -> bytes:
    count = len(items) // 2 if kind == b"%" else len(items)
    return b"%s%d\r\n%s" % (kind, count, b"".join(encode_reply(item, protocol) for item in items))
