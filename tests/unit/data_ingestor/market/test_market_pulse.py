from __future__ import annotations

from services.common.messages import CandleData
from services.data_ingestor.market.candles import Candle
from services.data_ingestor.market.silence import REAL_FLOOR_SECONDS, Moment, Pulse

LIMIT = 180.0


def candle(open_ms: int, close: float = 1.0) -> Candle:
    return Candle(open_ms, CandleData(open=close, high=close, low=close, close=close, volume=1))


def moment(wall: float, real: float | None = None) -> Moment:
    return Moment(1_000_000 + wall, 50 + (wall if real is None else real))


def test_a_stream_is_silent_after_the_limit() -> None:
    pulse = Pulse(LIMIT, moment(0))

    assert not pulse.is_silent(moment(LIMIT - 1))
    assert pulse.is_silent(moment(LIMIT))


def test_news_break_the_silence_and_repetition_does_not() -> None:
    pulse = Pulse(LIMIT, moment(0))

    assert pulse.heard([candle(1, 1.0)], moment(100))
    assert not pulse.is_silent(moment(270))
    assert not pulse.heard([candle(1, 1.0)], moment(200))
    assert pulse.is_silent(moment(280))
    assert pulse.heard([candle(1, 2.0)], moment(281))
    assert not pulse.is_silent(moment(300))


def test_old_candles_and_empty_updates_are_no_news() -> None:
    pulse = Pulse(LIMIT, moment(0))
    pulse.heard([candle(5)], moment(0))

    assert not pulse.heard([candle(4, 9.0)], moment(1))
    assert not pulse.heard([], moment(1))


def test_an_accelerated_clock_still_gives_a_busy_machine_its_time() -> None:
    pulse = Pulse(LIMIT, moment(0))

    assert not pulse.is_silent(moment(wall=3_600, real=REAL_FLOOR_SECONDS - 1))
    assert pulse.is_silent(moment(wall=3_600, real=REAL_FLOOR_SECONDS))


def test_a_clock_that_is_set_back_delays_nothing_beyond_the_limit() -> None:
    pulse = Pulse(LIMIT, moment(0))

    assert pulse.is_silent(moment(wall=-3_600, real=LIMIT))


def test_only_a_stream_that_lags_behind_rest_is_to_blame_for_its_silence() -> None:
    pulse = Pulse(LIMIT, moment(0))
    assert pulse.is_behind(candle(1)), "it has said nothing at all"

    pulse.heard([candle(5, 1.0)], moment(0))
    assert not pulse.is_behind(None)
    assert not pulse.is_behind(candle(4))
    assert not pulse.is_behind(candle(5, 1.0))
    assert pulse.is_behind(candle(5, 2.0))
    assert pulse.is_behind(candle(6))


def test_a_restart_counts_anew() -> None:
    pulse = Pulse(LIMIT, moment(0))
    pulse.count_anew(moment(LIMIT))

    assert not pulse.is_silent(moment(LIMIT + 1))
