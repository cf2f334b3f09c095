"""The state of one pair at a given time: its candles, its last price, and the statistics of the last 24 hours.

Every method is pure: it gets the wall-clock time as `now_ms` and uses only recorded data from before that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.replay_exchange.aggregation import (
    Candles,
    Kline,
    aggregate,
    bar_of,
    base_candles,
    forming_candle,
    kline_of,
)
from services.replay_exchange.candles import CandleSeries
from services.replay_exchange.decimals import PLACES
from services.replay_exchange.forming import Bar, so_far
from services.replay_exchange.intervals import DAY_MS, INTERVAL_MS, can_be_built, open_of
from services.replay_exchange.timeline import Timeline


@dataclass(frozen=True)
class DayStatistics:
    """The statistics of 24 hours, computed from whole base candles and the forming candle.

    `previous_close` is the last price before these candles. `quote_volume` and `trades` are estimates.
    """

    bar: Bar
    previous_close: float
    quote_volume: float
    trades: int


class Market:
    """A pair and its recording. If the recording is empty, the market has a name and trading rules, but no price."""

    def __init__(self, series: CandleSeries, timeline: Timeline) -> None:
        self.series = series
        self.base_asset, self.quote_asset = series.pair.partition(":")[0].split("/")
        self.symbol = self.base_asset + self.quote_asset
        self.start_ms = timeline.to_wall(series.start_ms)
        self.end_ms = timeline.to_wall(series.end_ms)
        self._shift_ms = timeline.shift_ms
        self._by_interval: dict[str, Candles] = {}

    def offers(self, interval: str) -> bool:
        """Whether candles of `interval` can be built from the recording."""
        return can_be_built(interval, self.series.base_ms)

    def is_replaying(self, now_ms: int) -> bool:
        """Whether the time `now_ms` lies within the recording."""
        return self.start_ms <= now_ms < self.end_ms

    def klines(
        self,
        interval: str,
        now_ms: int,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> list[Kline]:
        """Return the candles that open from `start_ms` to `end_ms` (both included, no limit if None), oldest first.

        The forming candle is included. At most `limit` (at least 1) candles are returned: the oldest ones if
        `start_ms` is given, and the newest ones otherwise.
        """
        candles = self._candles(interval)
        begin, stop = self._closed_span(candles, interval, now_ms)
        forming = self.forming(interval, now_ms)
        if end_ms is not None:
            stop = min(stop, int(np.searchsorted(candles["open_ms"], end_ms, side="right")))
            forming = forming if forming and forming.open_ms <= end_ms else None
        if start_ms is not None:
            begin = max(begin, int(np.searchsorted(candles["open_ms"], start_ms)))
            forming = forming if forming and forming.open_ms >= start_ms and stop - begin < limit else None
            stop = min(stop, begin + limit)
        last = [forming] if forming else []
        begin = max(begin, stop + len(last) - limit)
        return [kline_of(row, interval) for row in candles[begin:stop]] + last

    def forming(self, interval: str, now_ms: int) -> Kline | None:
        """Return the forming candle at `now_ms`; None if it contains no recorded data.

        A candle that begins before the recording is not returned, because its true open is unknown.
        """
        open_ms = open_of(interval, now_ms)
        if open_ms < self.start_ms:
            return None
        parts = self._since(open_ms, now_ms)
        if parts.size == 0:
            return None
        return kline_of(aggregate(parts, interval, self.series.volume_places)[0], interval, closed=False)

    def last_price(self, now_ms: int) -> float | None:
        """Return the price of the last trade; None before the recording begins."""
        if (forming := self._forming_base(now_ms)) is not None:
            return float(forming["close"][0])
        closed = self._count_closed(now_ms)
        return float(self._base["close"][closed - 1]) if closed else None

    def day(self, now_ms: int) -> DayStatistics | None:
        """Return the statistics of the last 24 hours; None if nothing was recorded in that time."""
        parts = self._since(now_ms - DAY_MS, now_ms)
        if parts.size == 0:
            return None
        bar = Bar(
            float(parts["open"][0]),
            float(parts["high"].max()),
            float(parts["low"].min()),
            float(parts["close"][-1]),
            round(float(parts["volume"].sum()), self.series.volume_places),
        )
        before = int(np.searchsorted(self._base["open_ms"], parts["open_ms"][0])) - 1
        previous_close = float(self._base["close"][before]) if before >= 0 else bar.open
        return DayStatistics(
            bar, previous_close, round(float(parts["quote_volume"].sum()), PLACES), int(parts["trades"].sum())
        )

    @cached_property
    def _base(self) -> Candles:
        return base_candles(self.series, self._shift_ms)

    def _candles(self, interval: str) -> Candles:
        if INTERVAL_MS.get(interval) == self.series.base_ms:
            return self._base
        if interval not in self._by_interval:
            self._by_interval[interval] = aggregate(self._base, interval, self.series.volume_places)
        return self._by_interval[interval]

    def _closed_span(self, candles: Candles, interval: str, now_ms: int) -> tuple[int, int]:
        """Return the index range of the candles that are closed at `now_ms` and wholly covered by the recording."""
        if candles.size == 0:
            return 0, 0
        begin = int(candles["open_ms"][0] < self.start_ms)
        return begin, int(np.searchsorted(candles["open_ms"], open_of(interval, min(now_ms, self.end_ms))))

    def _count_closed(self, now_ms: int) -> int:
        return int(np.searchsorted(self._base["open_ms"], now_ms - self.series.base_ms, side="right"))

    def _since(self, from_ms: int, now_ms: int) -> Candles:
        """Return the base candles that open from `from_ms` to `now_ms`; the forming one in its state at `now_ms`."""
        begin = int(np.searchsorted(self._base["open_ms"], from_ms))
        closed = self._base[begin : self._count_closed(now_ms)]
        forming = self._forming_base(now_ms)
        return closed if forming is None else np.concatenate([closed, forming])

    def _forming_base(self, now_ms: int) -> Candles | None:
        index = self._count_closed(now_ms)
        if index == self._base.size or self._base["open_ms"][index] > now_ms:
            return None
        open_ms = int(self._base["open_ms"][index])
        elapsed = (now_ms - open_ms) / self.series.base_ms
        bar = so_far(
            bar_of(self._base[index]),
            elapsed,
            high_first=(open_ms - self._shift_ms) // self.series.base_ms % 2 == 0,
            price_places=self.series.price_places,
            volume_places=self.series.volume_places,
        )
        return forming_candle(open_ms, bar, elapsed)
