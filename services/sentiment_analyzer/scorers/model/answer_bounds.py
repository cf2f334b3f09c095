"""Limits the length of the answers of model servers.

An endless answer would fill the memory of the machine, which Freqtrade needs too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

MOST_BYTES = 4_000_000
"""The largest size of an answer in bytes. The limit also suffices for lists of models, which have hundreds of
kilobytes on gateways."""
MOST_PACKED_BYTES = 128_000
"""The largest size of a compressed answer in bytes. Its decompressed size is at most a thousand times larger.
Requests ask for uncompressed answers, but some proxies compress answers anyway."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_PLAIN = frozenset({"", "identity"})


def event_hooks() -> dict[str, list[Callable[[Any], None]]]:
    """Return hooks that limit the size of answers, for a client of httpx or of a library with the same structure.

    A longer answer ends the request in the same way as a connection error.
    """
    return {"request": [_ask_for_plain], "response": [_bound]}


def _ask_for_plain(request: Any) -> None:  # noqa: ANN401 - of whichever library
    request.headers["Accept-Encoding"] = "identity"


def _bound(response: Any) -> None:  # noqa: ANN401 - of whichever library
    library: Any = sys.modules[type(response).__module__.partition(".")[0]]
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _PACKED | _PLAIN:
        raise library.RemoteProtocolError(f"an answer packed as {encoding[:20]!r}, for which nobody asked")
    most, stream = MOST_BYTES if encoding in _PLAIN else MOST_PACKED_BYTES, response.stream

    class Bounded(library.SyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            left = most
            for chunk in stream:
                left -= len(chunk)
                if left < 0:
                    raise library.RemoteProtocolError(f"an answer of more than {most:,} bytes")
                yield chunk

        def close(self) -> None:
            stream.close()

    response.stream = Bounded()
