from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.history_recorder.freqtrade.rest import bot_of
from services.history_recorder.freqtrade.rows import analysed_rows, before_first, how_many, trade_row

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
OPEN: dict[str, Any] = {
    "trade_id": 7,
    "pair": "BTC/USDT",
    "is_open": True,
    "is_short": False,
    "open_timestamp": 1_795_953_600_123,
    "open_date": "2026-11-29 12:00:00",
    "open_rate": 100.0,
    "stake_amount": 50.0,
    "enter_tag": "sentiment 0.90 a1",
    "close_timestamp": None,
    "close_rate": None,
    "exit_reason": None,
    "profit_ratio": 0.01,
    "profit_abs": 0.5,
    "current_rate": 101.0,
    "total_profit_abs": 0.5,
    "stoploss_current_dist_ratio": -0.04,
    "max_rate": 101.0,
    "stop_loss_abs": 97.0,
    "orders": [{"order_id": "1", "status": "closed"}],
}
CLOSED = OPEN | {
    "is_open": False,
    "close_timestamp": 1_795_957_200_000,
    "close_rate": 103.0,
    "exit_reason": "roi",
    "profit_ratio": 0.03,
    "profit_abs": 1.5,
}


def test_an_open_trade_is_the_same_row_whatever_the_price_does() -> None:
    row = trade_row("bot@1", OPEN, NOW)
    moved = OPEN | {"current_rate": 99.0, "profit_ratio": -0.01, "profit_abs": -0.5, "max_rate": 102.0}
    assert trade_row("bot@1", moved, NOW) == row
    assert (row.bot, row.trade_id, row.pair, row.stake) == ("bot@1", 7, "BTC/USDT", 50.0)
    assert row.opened == datetime(2026, 11, 29, 12, 0, 0, 123_000, tzinfo=UTC)
    assert (row.closed, row.close_rate, row.profit_ratio, row.profit_abs, row.exit_reason) == (
        *(None, None, None, None),
        "",
    )
    assert row.details["stop_loss_abs"] == 97.0
    assert row.details["orders"] == OPEN["orders"]


def test_a_closed_trade_has_its_result_and_all_that_freqtrade_says() -> None:
    row = trade_row("bot@1", CLOSED, NOW)
    assert (row.closed, row.close_rate) == (datetime(2026, 11, 29, 13, tzinfo=UTC), 103.0)
    assert (row.profit_ratio, row.profit_abs, row.exit_reason) == (0.03, 1.5, "roi")
    assert row.details["max_rate"] == 101.0


@pytest.mark.parametrize("broken", [{}, OPEN | {"trade_id": None}, OPEN | {"open_timestamp": "soon"}])
def test_an_object_that_is_no_trade_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        trade_row("bot@1", broken, NOW)


def answer(*opened: datetime) -> dict[str, Any]:
    own = ["date", "close", "sentiment", "enter_long"]
    return {
        "pair": "BTC/USDT",
        "timeframe": "15m",
        "all_columns": own,
        "columns": [*own, "__date_ts", "_enter_long_signal_close"],
        "data": [[str(each), 100.5, None, 1, int(each.timestamp() * 1000), 100.5] for each in opened],
    }


def test_only_rows_of_later_candles_are_taken_and_without_the_columns_of_the_plot() -> None:
    earlier, later = NOW - QUARTER, NOW
    (row,) = analysed_rows(answer(earlier, later), earlier, NOW + QUARTER)
    assert (row.pair, row.timeframe, row.opened, row.seen) == ("BTC/USDT", "15m", later, NOW + QUARTER)
    assert row.values == {"close": 100.5, "sentiment": None, "enter_long": 1}


def test_a_dataframe_without_rows_has_none() -> None:
    empty = {"pair": "BTC/USDT", "timeframe": "15m", "columns": [], "all_columns": [], "data": []}
    assert analysed_rows(empty, NOW, NOW) == []


@pytest.mark.parametrize(
    ("started", "first"),
    [
        (NOW + timedelta(minutes=7), NOW - QUARTER),  # the candle that closed last
        (NOW, NOW - QUARTER),
        (NOW + timedelta(minutes=14, seconds=59), NOW - QUARTER),
    ],
)
def test_a_bot_decides_first_on_the_last_candle_that_is_closed_when_it_starts(
    started: datetime, first: datetime
) -> None:
    assert before_first(started, QUARTER) == first - QUARTER


@pytest.mark.parametrize("candles", [0, 1, 40])
def test_enough_rows_are_asked_for(candles: int) -> None:
    after = NOW - (candles + 1) * QUARTER  # so many candles have closed since
    assert how_many(after, NOW + QUARTER / 2, QUARTER) >= max(candles, 2)
    assert how_many(after, NOW + QUARTER / 2, QUARTER) <= candles + 4


def test_a_bot_is_named_by_its_database_too_because_a_new_one_counts_from_one_again() -> None:
    shown = {"bot_name": "cryptoboy", "timeframe": "15m"}
    seconds = int(NOW.timestamp())
    bot = bot_of(shown, {"bot_start_ts": seconds, "bot_startup_ts": seconds + 60})
    assert bot is not None
    assert (bot.name, bot.started) == ("cryptoboy@20261129T120000Z", NOW + timedelta(minutes=1))
    assert bot_of(shown, {"bot_start_ts": None, "bot_startup_ts": None}) is None


def test_of_a_very_long_name_of_a_bot_only_the_beginning_is_part_of_the_key_of_its_trades() -> None:
    shown = {"bot_name": "b" * 5_000, "timeframe": "15m"}
    seconds = int(NOW.timestamp())
    bot = bot_of(shown, {"bot_start_ts": seconds, "bot_startup_ts": seconds})
    assert bot is not None
    assert bot.name == "b" * 200 + "@20261129T120000Z"
