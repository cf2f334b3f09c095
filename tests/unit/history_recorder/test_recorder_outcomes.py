"""Which prices the outcome of a signal is measured with, on a real history."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.common.clock import ManualClock
from services.common.history.batch import Batch
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.history.rows import CandleRow
from services.common.runtime.work import CallsInProgress
from services.history_recorder.inbox import Inbox, merged
from services.history_recorder.outcomes import FEWEST_CONTROLS, LOOK_SECONDS, OutcomeFollower
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + 2 * DAY
EARLIER = [2 * DAY, 3 * DAY, 15 * DAY]


def fill(reader: HistoryReader, writer: HistoryWriter, now: datetime) -> int:
    """Let the follower look once and write what it found; the number of new outcomes."""
    inbox = Inbox()
    follower = OutcomeFollower(reader, ManualClock(now), inbox, work=CallsInProgress())
    assert follower.step(threading.Event()) == LOOK_SECONDS
    return writer.write(merged(inbox.take())).rows.get("outcomes", 0)


def quarter(number: int, price: float, **more: Any) -> CandleRow:
    """The 15-minute candle that opens `number` quarters of an hour after NOW, at `price`; it closes one higher."""
    opened = NOW + number * timedelta(minutes=15)
    fields: dict[str, Any] = {
        "timeframe": "15m",
        "opened": opened,
        "open": price,
        "close": price + 1,
        "collected": opened + timedelta(minutes=16),
    }
    return some.candle(**{**fields, **more})


def candles(*numbers: int) -> list[CandleRow]:
    return [quarter(number, 100.0 + number) for number in numbers]


def test_a_signal_is_entered_at_the_open_after_it_was_available_and_left_at_the_close_an_hour_later(
    reader: HistoryReader, writer: HistoryWriter
) -> None:
    writer.write(Batch(signals=[some.signal(1)], candles=candles(0, 1, 2, 3, 4, 5)))
    assert fill(reader, writer, LATER) > 0
    outcome = next(row for row in reader.outcomes_of(["article-1"]) if row.horizon == 1)
    assert (outcome.entered, outcome.entry_price) == (at(900), 101.0)  # not the candle in which it came
    assert (outcome.exit_price, outcome.symbol, outcome.timeframe) == (105.0, "BTC/USDT", "15m")
    assert outcome.change == pytest.approx(105 / 101 - 1)


def test_nothing_is_measured_before_the_last_candle_is_there_and_nothing_twice(
    reader: HistoryReader, writer: HistoryWriter
) -> None:
    writer.write(Batch(signals=[some.signal(1)], candles=candles(1, 2, 3)))
    assert fill(reader, writer, NOW + 2 * HOUR) == 0
    writer.write(Batch(candles=candles(4)))
    assert fill(reader, writer, NOW + 2 * HOUR) == 1
    assert fill(reader, writer, NOW + 2 * HOUR) == 0


def test_a_signal_whose_candles_never_come_is_given_up_with_the_candles_of_a_day_later(
    reader: HistoryReader, writer: HistoryWriter
) -> None:
    writer.write(Batch(signals=[some.signal(1), some.signal(2, pair="XRP")], candles=candles(1)))
    assert fill(reader, writer, NOW + 9 * DAY) == 0
    writer.write(Batch(candles=candles(4 * 23, 4 * 49)))
    assert fill(reader, writer, NOW + 9 * DAY) == 6
    rows = reader.outcomes_of(["article-1", "article-2"])
    assert {(row.change, row.entered, row.control) for row in rows} == {(None, None, None)}


def test_candles_that_wait_in_the_queue_after_days_off_are_waited_for(
    reader: HistoryReader, writer: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.history_recorder.outcomes.FULL_LOOK_SECONDS", 0.0)
    inbox = Inbox()
    follower = OutcomeFollower(reader, ManualClock(NOW + 5 * DAY), inbox, work=CallsInProgress())
    writer.write(Batch(signals=[some.signal(1)], candles=candles(-1)))
    follower.step(threading.Event())
    assert inbox.take() == []
    writer.write(Batch(candles=candles(0, 1, 2, 3, 4)))
    follower.step(threading.Event())
    assert [(row.horizon, row.entry_price) for row in merged(inbox.take()).outcomes] == [(1, 101.0)]


@pytest.mark.parametrize(
    ("pair", "former"), [("BTC/USDT", {"timeframe": "5m"}), ("BTC", {"symbol": "BTC/EUR"})]
)
def test_a_signal_is_measured_by_candles_that_are_still_collected(
    reader: HistoryReader, writer: HistoryWriter, pair: str, former: dict[str, str]
) -> None:
    ended = quarter(-1, 50.0, **former)
    writer.write(Batch(signals=[some.signal(1, pair=pair)], candles=[ended, *candles(1, 4)]))
    assert fill(reader, writer, NOW + 2 * HOUR) == 1
    (outcome,) = reader.outcomes_of(["article-1"])
    assert (outcome.symbol, outcome.timeframe) == ("BTC/USDT", "15m")


def test_an_asset_is_measured_by_the_candles_of_a_pair_of_it(
    reader: HistoryReader, writer: HistoryWriter
) -> None:
    writer.write(Batch(signals=[some.signal(1, pair="BTC")], candles=candles(1, 4)))
    fill(reader, writer, NOW + 2 * HOUR)
    (outcome,) = reader.outcomes_of(["article-1"])
    assert (outcome.pair, outcome.symbol) == ("BTC", "BTC/USDT")


@pytest.mark.parametrize("days", [FEWEST_CONTROLS, FEWEST_CONTROLS - 1])
def test_the_control_is_the_mean_of_the_same_hours_on_earlier_days(
    reader: HistoryReader, writer: HistoryWriter, days: int
) -> None:
    earlier = [
        quarter(number - 96 * back.days, 100.0 * back.days)
        for back in (DAY, *EARLIER[:days])  # the day before does not count
        for number in (1, 4)
    ]
    writer.write(Batch(signals=[some.signal(1)], candles=[*candles(1, 4), *earlier]))
    fill(reader, writer, NOW + 2 * HOUR)
    (outcome,) = reader.outcomes_of(["article-1"])
    assert outcome.controls == days
    if days < FEWEST_CONTROLS:
        assert outcome.control is None
    else:
        changes = [1 / (100.0 * back.days) for back in EARLIER[:days]]
        assert outcome.control == pytest.approx(sum(changes) / days)
