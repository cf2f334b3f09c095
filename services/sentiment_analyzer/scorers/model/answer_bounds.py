"""How long an answer of a model server may be: one without end would take the memory that Freqtrade needs too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

MOST_BYTES = 4_000_000
"""Lists of models included, of which gateways have hundreds of kilobytes."""
MOST_PACKED_BYTES = 128_000
"""At most a thousandfold when unpacked. We ask for what is not packed; some proxies pack all the same."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_PLAIN = frozenset({"", "identity"})


def event_hooks() -> dict[str, list[Callable[[Any], None]]]:
    """The hooks for a client of httpx, or of a library that is arranged like it, that keep answers within bounds.

    A longer answer ends the request as an error of the connection does.
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
