"""The portfolio: positions, exposure and profits, from recorded trades and candles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader, HistoryWriter
from services.common.history.rows import TradeRow
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.operations.portfolio import Closed, Exposure, currency_of, read_portfolio
from tests.support.history import history_samples as some
from tests.support.history.history_samples import at
from tests.support.history.tables import with_tables

NOW = at(86_400)


@pytest.fixture
def writer(sqlite_history: Settings) -> Iterator[HistoryWriter]:
    with closing(open_history(with_tables(sqlite_history))) as opened:
        opened.check()
        yield opened


@pytest.fixture
def history(sqlite_history: Settings) -> Iterator[HistoryReader]:
    with closing(open_reader(sqlite_history)) as opened:
        yield opened


def test_a_history_without_trades_has_an_empty_portfolio(history: HistoryReader) -> None:
    found = read_portfolio(history, "1m", NOW)
    assert (found.positions, found.exposure) == ((), ())
    assert [(each.days, each.closed) for each in found.periods] == [(1, ()), (7, ()), (30, ()), (None, ())]


def test_a_position_gains_with_its_side_and_leverage(writer: HistoryWriter, history: HistoryReader) -> None:
    perpetual = "ETH/USDT:USDT"
    trades = [
        some.trade(1),  # 50 at 100.0
        some.trade(2, pair=perpetual, is_short=True, stake=20.0, details={"leverage": 3}),
        some.trade(3, pair="SOL/EUR", stake=None),
    ]
    candles = [some.candle(1400, close=110.0), some.candle(1400, symbol=perpetual, close=95.0)]
    writer.write(Batch(trades=trades, candles=candles))
    euros, short, long = read_portfolio(history, "1m", NOW).positions
    assert (long.asset, long.currency, long.price, long.price_at) == ("BTC", "USDT", 110.0, at(84_060))
    assert [long.change, long.gain] == pytest.approx([10.0, 5.0])
    assert [short.change, short.gain] == pytest.approx([5.0, 3.0])
    assert (short.asset, short.trade.side) == ("ETH", "short")
    assert (euros.price, euros.price_at, euros.change, euros.gain) == (None, None, None, None)


def test_a_price_older_than_a_day_or_of_another_timeframe_is_no_price(
    writer: HistoryWriter, history: HistoryReader
) -> None:
    writer.write(Batch(trades=[some.trade(1)], candles=[some.candle(-2), some.candle(1400, timeframe="1h")]))
    assert read_portfolio(history, "1m", NOW).positions[0].price is None
    assert read_portfolio(history, "1m", NOW - timedelta(hours=1)).positions[0].price == 105.0


def test_the_age_of_a_price_counts_from_the_close_of_its_candle(
    writer: HistoryWriter, history: HistoryReader
) -> None:
    writer.write(Batch(trades=[some.trade(1)], candles=[some.candle(-60, timeframe="1d")]))
    assert read_portfolio(history, "1d", NOW).positions[0].price == 105.0


def test_exposure_is_added_up_by_asset_and_currency(writer: HistoryWriter, history: HistoryReader) -> None:
    trades = [
        some.trade(1, stake=60.0),
        some.trade(2, stake=15.0, is_short=True),
        some.trade(3, stake=25.0, pair="ETH/USDT"),
        some.trade(4, stake=7.0, pair="BTC/EUR"),
    ]
    writer.write(Batch(trades=trades, candles=[some.candle(1400, close=112.5)]))
    assert read_portfolio(history, "1m", NOW).exposure == (
        Exposure("BTC", "EUR", 1, 7.0, 0.0, 1.0, None),
        Exposure("BTC", "USDT", 2, 60.0, 15.0, 0.75, 5.625),
        Exposure("ETH", "USDT", 1, 25.0, 0.0, 0.25, None),
    )


def test_closed_trades_count_in_the_periods_in_which_they_were_closed(
    writer: HistoryWriter, history: HistoryReader
) -> None:
    def closed(number: int, days: float, profit: float, pair: str = some.PAIR) -> TradeRow:
        return some.trade(
            number,
            opened=NOW - timedelta(days=50),
            closed=NOW - timedelta(days=days),
            profit_abs=profit,
            profit_ratio=profit / 50,
            pair=pair,
        )

    writer.write(
        Batch(
            trades=[
                closed(1, 0.5, 5.0),
                closed(2, 1.0, -2.0),
                closed(3, 6.0, 0.0),
                closed(4, 31.0, 1.0),
                closed(5, 40.0, 2.5, pair="BTC/EUR"),
                some.trade(6),
            ]
        )
    )
    day, week, month, whole = (each.closed for each in read_portfolio(history, "1m", NOW).periods)
    assert day == (Closed("USDT", 2, 1, 3.0, 10.0, -4.0),)
    assert week == month == (Closed("USDT", 3, 1, 3.0, 10.0, -4.0),)
    assert [(each.currency, each.trades, each.profit) for each in whole] == [
        ("EUR", 1, 2.5),
        ("USDT", 4, 4.0),
    ]


def test_nothing_from_the_future_is_in_a_portfolio(writer: HistoryWriter, history: HistoryReader) -> None:
    writer.write(
        Batch(
            trades=[
                some.trade(1, opened=NOW + timedelta(seconds=1)),
                some.trade(2, closed=NOW + timedelta(hours=1)),
            ],
            candles=[some.candle(1441)],
        )
    )
    found = read_portfolio(history, "1m", NOW)
    assert [each.trade.trade_id for each in found.positions] == [2]
    assert (found.positions[0].price, found.periods[-1].closed) == (None, ())


@pytest.mark.parametrize(
    ("pair", "currency"),
    [("BTC/USDT", "USDT"), ("BTC/USDT:USDT", "USDT"), ("BTC/USD:BTC", "BTC"), ("BTC", "")],
)
def test_the_currency_of_a_pair_is_the_one_in_which_stakes_are_paid(pair: str, currency: str) -> None:
    assert currency_of(pair) == currency
