"""The port through which the market streamer uses an exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.data_ingestor.market.candles import Row


class CandleSource(Protocol):
    """A source of an exchange's candles, as a stream and over REST. Use within one event loop.

    Every method that calls the exchange raises only these errors:

        TryLater: the exchange is unavailable, slow, limits our request rate, or answers invalidly. The same call may
            succeed later.
        NeverWorks: the exchange refuses this pair (unknown, delisted or not allowed); the message says why.
    """

    @property
    def streams(self) -> bool:
        """Whether the exchange has candle streams; if not, candles are polled over REST."""
        ...

    async def watch(self, pair: str) -> Sequence[Row]:
        """Wait for the next update of the stream and return it. Connects and reconnects automatically.

        The rows are the candles that changed since the last call, oldest first; the last one is still forming.
        """
        ...

    async def fetch(self, pair: str, since_ms: int | None, limit: int) -> Sequence[Row]:
        """Fetch the candles from `since_ms` on, or the newest candles if `since_ms` is None; oldest first.

        At most `limit` candles are returned, or fewer if the exchange's own limit is lower.
        """
        ...

    def now_ms(self) -> int:
        """Return the estimated time of the exchange's clock, in milliseconds since the epoch."""
        ...

    async def restart(self, pair: str) -> None:
        """Close the pair's stream and its connection; the next `watch` opens a new one. Raises nothing."""
        ...

    async def close(self) -> None:
        """Close every connection, within about two seconds. Raises nothing. May be called twice."""
        ...
