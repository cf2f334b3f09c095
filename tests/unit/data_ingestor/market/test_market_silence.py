from __future__ import annotations

from services.common.messages import CandleData
from services.data_ingestor.market.candles import Candle
from services.data_ingestor.market.silence import REAL_FLOOR_SECONDS, Moment, StreamActivity

LIMIT = 180.0


def candle(open_ms: int, close: float = 1.0) -> Candle:
    return Candle(open_ms, CandleData(open=close, high=close, low=close, close=close, volume=1))


def moment(wall: float, real: float | None = None) -> Moment:
    return Moment(1_000_000 + wall, 50 + (wall if real is None else real))


def test_a_stream_is_silent_after_the_limit() -> None:
    activity = StreamActivity(LIMIT, moment(0))

    assert not activity.is_silent(moment(LIMIT - 1))
    assert activity.is_silent(moment(LIMIT))


def test_news_break_the_silence_and_repetition_does_not() -> None:
    activity = StreamActivity(LIMIT, moment(0))

    assert activity.note([candle(1, 1.0)], moment(100))
    assert not activity.is_silent(moment(270))
    assert not activity.note([candle(1, 1.0)], moment(200))
    assert activity.is_silent(moment(280))
    assert activity.note([candle(1, 2.0)], moment(281))
    assert not activity.is_silent(moment(300))


def test_old_candles_and_empty_updates_are_no_news() -> None:
    activity = StreamActivity(LIMIT, moment(0))
    activity.note([candle(5)], moment(0))

    assert not activity.note([candle(4, 9.0)], moment(1))
    assert not activity.note([], moment(1))


def test_an_accelerated_clock_still_gives_a_busy_machine_its_time() -> None:
    activity = StreamActivity(LIMIT, moment(0))

    assert not activity.is_silent(moment(wall=3_600, real=REAL_FLOOR_SECONDS - 1))
    assert activity.is_silent(moment(wall=3_600, real=REAL_FLOOR_SECONDS))


def test_a_clock_that_is_set_back_delays_nothing_beyond_the_limit() -> None:
    activity = StreamActivity(LIMIT, moment(0))

    assert activity.is_silent(moment(wall=-3_600, real=LIMIT))


def test_only_a_stream_that_lags_behind_rest_is_to_blame_for_its_silence() -> None:
    activity = StreamActivity(LIMIT, moment(0))
    assert activity.is_behind(candle(1)), "it has said nothing at all"

    activity.note([candle(5, 1.0)], moment(0))
    assert not activity.is_behind(None)
    assert not activity.is_behind(candle(4))
    assert not activity.is_behind(candle(5, 1.0))
    assert activity.is_behind(candle(5, 2.0))
    assert activity.is_behind(candle(6))


def test_a_restart_counts_anew() -> None:
    activity = StreamActivity(LIMIT, moment(0))
    activity.restart(moment(LIMIT))

    assert not activity.is_silent(moment(LIMIT + 1))
