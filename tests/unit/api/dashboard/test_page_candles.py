"""Candles in the size in which a chart can show them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

from services.api.dashboard.candles import combined, last_day
from services.common.history.batch import Batch
from services.common.history.open import open_reader
from services.common.history.rows import CandleRow
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from tests.support.history.tables import with_tables

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def candle(
    minute: int, first: float = 1.0, low: float = 1.0, high: float = 1.0, last: float = 1.0
) -> CandleRow:
    opened = START + timedelta(minutes=minute)
    return CandleRow(
        symbol="BTC/USDT",
        timeframe="1m",
        opened=opened,
        open=first,
        high=high,
        low=low,
        close=last,
        volume=2.0,
        collected=opened + timedelta(minutes=1),
        recorded=opened + timedelta(minutes=1),
    )


def test_combined_candles_have_the_first_open_the_last_close_and_both_extremes() -> None:
    given = [candle(3, 5.0, 4.0, 6.0, 5.5), candle(4, 5.5, 3.0, 5.6, 4.0), candle(5, 4.0, 4.0, 9.0, 8.0)]
    first, second = combined(given, 300)
    assert (first.opened, first.open, first.low, first.high, first.close, first.volume) == (
        START,
        5,
        3,
        6,
        4,
        4,
    )
    assert (second.opened, second.close) == (START + timedelta(minutes=5), 8)


def test_a_day_of_minutes_is_read_whole_and_fits_a_chart(sqlite_history: Settings) -> None:
    with closing(open_history(with_tables(sqlite_history))) as history:
        history.write(Batch(candles=[candle(minute, last=float(minute + 1)) for minute in range(1440)]))
    with closing(open_reader(sqlite_history)) as reader:
        found = last_day(reader, "BTC/USDT", "1m", START + timedelta(days=1))
    assert len(found) == 96
    assert sum(each.volume for each in found) == 2880
    assert found[-1].close == 1440


def test_the_first_hours_are_shown_in_their_own_candles(sqlite_history: Settings) -> None:
    with closing(open_history(with_tables(sqlite_history))) as history:
        history.write(Batch(candles=[candle(minute) for minute in range(90)]))
    with closing(open_reader(sqlite_history)) as reader:
        assert len(last_day(reader, "BTC/USDT", "1m", START + timedelta(hours=2))) == 90
