"""Reads the candles of charts, in the size in which a chart can show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT
from services.common.history.rows import CandleRow
from services.common.values import timeframe_seconds

MOST_CANDLES = 120
_WIDTHS = (60, 180, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400)
"""Seconds of one candle of a chart."""


def read_candles(
    history: HistoryReader, pair: str, timeframe: str, since: datetime, until: datetime
) -> tuple[CandleRow, ...]:
    """The candles of a pair that opened in a period, oldest first; combined into longer ones if they are too many.

    Raises TryLater and StopProgram, as the history does.
    """
    found = tuple(_every(history, pair, timeframe, since, until))
    if len(found) <= MOST_CANDLES:
        return found
    span = (found[-1].opened - found[0].opened).total_seconds()
    width = timeframe_seconds(timeframe)
    wide = next((each for each in _WIDTHS if each > width and span / each <= MOST_CANDLES), _WIDTHS[-1])
    return tuple(combined(found, wide))


def last_day(history: HistoryReader, pair: str, timeframe: str, now: datetime) -> tuple[CandleRow, ...]:
    """The candles of the last 24 hours, as `read_candles` returns them."""
    return read_candles(history, pair, timeframe, now - timedelta(days=1), now)


def _every(
    history: HistoryReader, pair: str, timeframe: str, since: datetime, until: datetime
) -> Iterator[CandleRow]:
    after: str | None = None
    while True:
        page = history.candles(pair, timeframe, since=since, until=until, limit=MAX_LIMIT, after=after)
        yield from page.rows
        after = page.next
        if after is None:
            return


def combined(candles: Iterable[CandleRow], width: int) -> Iterator[CandleRow]:
    """Combine candles, oldest first, into candles of `width` seconds; each opens at a multiple of its width."""
    for opened, group in groupby(candles, lambda each: int(each.opened.timestamp()) // width * width):
        rows = tuple(group)
        yield replace(
            rows[0],
            opened=datetime.fromtimestamp(opened, UTC),
            high=max(each.high for each in rows),
            low=min(each.low for each in rows),
            close=rows[-1].close,
            volume=sum(each.volume for each in rows),
            collected=rows[-1].collected,
        )
