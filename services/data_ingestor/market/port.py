"""The port of an exchange, as market_streamer needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.data_ingestor.market.candles import Row


class CandleSource(Protocol):
    """Candles of an exchange, as a stream and over REST. Use within one event loop.

    Every method that calls the exchange raises only these:

        TryLater: it is unavailable, slow, limits our rate, or answers invalidly; the same call may succeed later.
        NeverWorks: it refuses this pair (unknown, delisted, not allowed); the message says why.
    """

    @property
    def streams(self) -> bool:
        """Whether the exchange has candle streams; if not, candles are polled over REST."""
        ...

    async def watch(self, pair: str) -> Sequence[Row]:
        """Wait for the next update of the stream and return it; connects and reconnects by itself.

        The rows are the candles that changed since the last call, oldest first, the last one forming.
        """
        ...

    async def fetch(self, pair: str, since_ms: int | None, limit: int) -> Sequence[Row]:
        """Candles from `since_ms` on (None: the newest), oldest first, at most `limit` or the exchange's own."""
        ...

    def now_ms(self) -> int:
        """The exchange's clock, as far as we know it, in milliseconds since the epoch."""
        ...

    async def restart(self, pair: str) -> None:
        """Close the pair's stream and its connection; the next `watch` opens a new one. Raises nothing."""
        ...

    async def close(self) -> None:
        """Close every connection, within about two seconds. Raises nothing. May be called twice."""
        ...
