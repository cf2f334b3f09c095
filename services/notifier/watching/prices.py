"""Watches the price alerts that people have set, in the recorded candles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.history.notifying.rows import PriceAlertRow
from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT
from services.common.history.rows import CandleRow
from services.common.values import timeframe_seconds
from services.notifier.happening import Happening, Kind
from services.notifier.watching.found import Found
from services.notifier.wording.market import about_price
from services.operations.price_alerts import Reached, reached

_LATEST = timedelta(days=7)
"""How far back the first look reads candles, so that what was reached while the notifier was off is told too."""
_AGAIN = timedelta(hours=1)
"""How far each look reads back: candles of a gap are recorded after later ones, and a candle may be corrected."""


class PriceWatch:
    """A `Watch` of the price alerts. An alert is closed in the transaction that writes its notices."""

    name = "prices"
    seconds = 5.0

    def __init__(self, reader: HistoryReader, clock: Clock, timeframe: str) -> None:
        self._reader, self._clock, self._timeframe = reader, clock, timeframe
        self._read: dict[str, datetime] = {}  # the opening of the last candle that was read, by pair
        self._next: dict[str, datetime] = {}

    def look(self) -> Found:
        """See `Watch`."""
        alerts = self._reader.price_alerts()
        now = self._clock.now()
        pairs = {alert.pair for alert in alerts}
        self._next = {pair: read for pair, read in self._read.items() if pair in pairs}
        candles = [candle for pair in pairs for candle in self._candles(pair, alerts, now)]
        for candle in candles:
            self._next[candle.symbol] = max(self._next.get(candle.symbol, candle.opened), candle.opened)
        found = reached(alerts, candles)
        return Found(
            happenings=tuple(_happening(each, now) for each in found),
            also=NotifierBatch(price_alerts=tuple(replace(each.alert, told_at=now) for each in found)),
        )

    def commit(self) -> None:
        """See `Watch`."""
        self._read = self._next

    def _candles(self, pair: str, alerts: Sequence[PriceAlertRow], now: datetime) -> tuple[CandleRow, ...]:
        """The candles since the last look; those of an alert that is new since when it was set."""
        length = timedelta(seconds=timeframe_seconds(self._timeframe))
        first = min(alert.set_at for alert in alerts if alert.pair == pair) - length
        since = max(first, self._read.get(pair, now - _LATEST) - max(length, _AGAIN))
        return self._reader.candles(pair, self._timeframe, since=since, limit=MAX_LIMIT).rows


def _happening(each: Reached, now: datetime) -> Happening:
    alert, candle = each.alert, each.candle
    value = candle.high if alert.side.value == "above" else candle.low
    return Happening(
        key=f"price:{alert.alert_id}",
        kind=Kind.PRICE,
        at=now,
        message=about_price(
            alert.pair, alert.side.value, alert.price, reached=value, at=candle.opened, by=alert.by
        ),
        pairs=(alert.pair,),
    )
