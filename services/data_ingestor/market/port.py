"""What market_streamer needs of an exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.data_ingestor.market.candles import Row


class CandleSource(Protocol):
    """Candles of an exchange, as a stream and over REST. Used within one event loop.

    Every method that asks the exchange raises one of these and nothing else:

        TryLater: away, slow, limiting us, or answering nonsense; the same call may succeed later.
        NeverWorks: it refuses this pair (unknown, delisted, not allowed); the message says why.
    """

    @property
    def streams(self) -> bool:
        """Whether it pushes candles; if not, they are polled over REST."""
        ...

    async def watch(self, pair: str) -> Sequence[Row]:
        """Wait until the stream tells something and return it; connects, and connects again, by itself.

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
        """Drop the pair's stream, connection and all; the next `watch` makes a new one. Raises nothing."""
        ...

    async def close(self) -> None:
        """Let go of every connection, within about two seconds. Raises nothing. May be called twice."""
        ...
