"""Reads candles through ccxt.pro, with one REST connection for all pairs and one stream connection for each pair.

Because each pair has its own connection, a silent stream can be restarted, and a refused pair can fail, without
affecting other pairs. The markets are loaded once and shared by all connections.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog

from services.common.clock import Clock, to_ms
from services.common.errors import NeverWorks, StopProgram
from services.data_ingestor.market.candles import Row
from services.data_ingestor.market.ccxt.checks import (
    check_candles_offered,
    check_exchange_known,
    check_timeframe_offered,
    refused_pairs,
)
from services.data_ingestor.market.ccxt.errors import asking, one_line

log = structlog.get_logger(__name__)

REST_TIMEOUT_MS = 10_000
STREAM_CACHE = 100  # candles that ccxt keeps of a stream; its default is 1000
PAGE = 500  # candles in one REST answer
CLOSE_SECONDS = 1.0
CLOCK_CHECK_SECONDS = 600.0


class CcxtCandles:
    """A `CandleSource` over ccxt.pro.

    Args:
        exchange: the name of the exchange in ccxt.
        config: settings that are merged deeply into ccxt's configuration.
        timeframe: the length of the candles.
        clock: the wall clock, relative to which the exchange's clock is measured.
    """

    def __init__(self, exchange: str, config: dict[str, Any], timeframe: str, clock: Clock) -> None:
        self._exchange = exchange
        self._config = config
        self._timeframe = timeframe
        self._clock = clock
        self._rest: Any = None
        self._by_pair: dict[str, Any] = {}
        self._ahead_ms = 0  # the exchange's clock minus ours
        self._clock_checked: float | None = None
        self.streams = False

    async def open(self, pairs: Sequence[str]) -> dict[str, str]:
        """Load the markets and check whether the pairs can be streamed. May be called again after TryLater.

        Returns:
            The pairs that cannot be streamed now, each with the reason.

        Raises:
            TryLater: the exchange cannot be reached.
            StopProgram: the exchange is unknown, or does not offer what the settings require.
        """
        if self._rest is None:
            self._rest = self._make()
        rest = self._rest
        check_candles_offered(self._exchange, rest.has)
        # Before the markets: their weight in ccxt's rate limit delays the next request.
        await self._check_clock()
        try:
            async with asking(f"{self._exchange} for its markets"):
                await rest.load_markets()
        except NeverWorks as error:
            raise StopProgram(f"EXCHANGE={self._exchange}: {error} Check EXCHANGE_CONFIG.") from error
        check_timeframe_offered(self._exchange, self._timeframe, rest.timeframes)
        self.streams = bool(rest.has.get("watchOHLCV"))
        if not self.streams:
            log.warning("exchange_has_no_candle_stream", exchange=self._exchange, instead="polling over REST")
        return refused_pairs(self._exchange, pairs, rest.markets)

    async def look_again(self, pairs: Sequence[str]) -> dict[str, str]:
        """Load the markets again; return those of these pairs that still cannot be streamed, each with the reason.

        Raises:
            TryLater, NeverWorks: the exchange did not list its markets.
        """
        async with asking(f"{self._exchange} for its markets"):
            await self._rest.load_markets(True)
        return refused_pairs(self._exchange, pairs, self._rest.markets)

    def _make(self) -> Any:  # noqa: ANN401 - ccxt has no types
        import ccxt.pro  # takes seconds, so not before /health answers

        check_exchange_known(self._exchange, ccxt.pro.exchanges)
        make = getattr(ccxt.pro, self._exchange)
        base = {"enableRateLimit": True, "timeout": REST_TIMEOUT_MS, "newUpdates": True}
        try:
            options = _spot_only(make().options) | {"OHLCVLimit": STREAM_CACHE}
            return make(ccxt.Exchange.deep_extend({**base, "options": options}, self._config))
        except Exception as error:
            raise StopProgram(
                f"EXCHANGE_CONFIG cannot be used for {self._exchange}: {one_line(error)}"
            ) from error

    async def watch(self, pair: str) -> Sequence[Row]:
        """Wait for the next update of the pair's stream; see `CandleSource`."""
        stream = self._by_pair.get(pair)
        if stream is None:
            stream = self._by_pair[pair] = self._make()
            stream.set_markets_from_exchange(self._rest)
        async with asking(f"{self._exchange} for a stream of {pair}"):
            rows = await stream.watch_ohlcv(pair, self._timeframe)
            return [tuple(row) for row in rows]  # ccxt goes on writing into its own

    async def fetch(self, pair: str, since_ms: int | None, limit: int) -> Sequence[Row]:
        """Fetch candles over REST; see `CandleSource`."""
        now = time.monotonic()
        if self._clock_checked is None or now - self._clock_checked > CLOCK_CHECK_SECONDS:
            await self._check_clock()
        most = self._rest.feature_value(pair, "fetchOHLCV", "limit", PAGE) or PAGE
        async with asking(f"{self._exchange} for candles of {pair}"):
            rows = await self._rest.fetch_ohlcv(pair, self._timeframe, since_ms, min(limit, most, PAGE))
            return [tuple(row) for row in rows]

    def now_ms(self) -> int:
        """Return the exchange's current time; see `CandleSource`."""
        return to_ms(self._clock.now()) + self._ahead_ms

    async def _check_clock(self) -> None:
        if not self._rest.has.get("fetchTime"):
            return
        before = to_ms(self._clock.now())
        try:
            async with asking(f"{self._exchange} for the time"):
                theirs = int(await self._rest.fetch_time())
        except NeverWorks as error:
            log.warning("exchange_clock_unknown", error=str(error), instead="this machine's clock")
        else:
            self._ahead_ms = theirs - (before + to_ms(self._clock.now())) // 2
        self._clock_checked = time.monotonic()

    async def restart(self, pair: str) -> None:
        """Close the pair's connection; see `CandleSource`."""
        stream = self._by_pair.pop(pair, None)
        if stream is not None:
            await _close(stream)

    async def close(self) -> None:
        """Close every connection; see `CandleSource`."""
        everything = [*self._by_pair.values(), *([self._rest] if self._rest is not None else [])]
        self._by_pair.clear()
        self._rest = None
        await asyncio.gather(*(_close(one) for one in everything))


async def _close(exchange: Any) -> None:  # noqa: ANN401 - ccxt has no types
    # A peer that does not answer the closing handshake blocks the first attempt; in the second the websocket counts as
    # closed, and the rest is closed.
    for _attempt in range(2):
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await exchange.close()
        except TimeoutError:
            continue
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is closed
            log.debug("exchange_close_failed", error=one_line(error))
        return


def _spot_only(options: dict[str, Any]) -> dict[str, Any]:
    # If ccxt can be told which kinds of markets to load: derivatives would only cost requests and memory.
    wanted = options.get("fetchMarkets")
    types = wanted.get("types") if isinstance(wanted, dict) else None
    if isinstance(types, list) and "spot" in types:
        return {"fetchMarkets": {"types": ["spot"]}}
    if isinstance(types, dict) and "spot" in types:
        return {"fetchMarkets": {"types": {name: name == "spot" for name in types}}}
    return {}
