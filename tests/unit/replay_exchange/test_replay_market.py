from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.replay_exchange.candles import load_candles, no_candles
from services.replay_exchange.forming import Bar
from services.replay_exchange.intervals import DAY_MS, HOUR_MS, MINUTE_MS
from services.replay_exchange.replay import BUNDLED_CANDLES
from tests.support.market.replay_samples import RECORDED, market_of, rising_bars, series_of

SHIFT = 5 * DAY_MS + 7 * MINUTE_MS
INTERVALS = ["1m", "3m", "5m", "15m", "1h"]


def test_closed_candles_are_those_recorded_at_the_shifted_times() -> None:
    bars = rising_bars(10)
    market = market_of(series_of(bars), shift_ms=SHIFT)
    klines = market.klines("1m", RECORDED + SHIFT + 10 * MINUTE_MS)
    assert [kline.bar for kline in klines] == bars
    assert [kline.open_ms for kline in klines] == [RECORDED + SHIFT + i * MINUTE_MS for i in range(10)]
    assert all(kline.closed and kline.close_ms == kline.open_ms + MINUTE_MS - 1 for kline in klines)


def test_the_bundled_candles_are_served_exactly_as_recorded() -> None:
    series = load_candles(BUNDLED_CANDLES, "1m", ["BNB/USDT"])["BNB/USDT"]
    klines = market_of(series, shift_ms=SHIFT).klines("1m", series.end_ms + SHIFT, limit=series.opens.size)
    assert [kline.open_ms - SHIFT for kline in klines] == series.opens.tolist()
    for name in ("open", "high", "low", "close", "volume"):
        assert [getattr(kline.bar, name) for kline in klines] == getattr(series, name).tolist()


def test_the_last_row_is_the_forming_candle() -> None:
    market = market_of(series_of(rising_bars(10)))
    last = market.klines("1m", RECORDED + 4 * MINUTE_MS + 1)[-1]
    assert (last.open_ms, last.closed) == (RECORDED + 4 * MINUTE_MS, False)
    assert last.bar.open == 104.0


def test_a_candle_closes_the_moment_its_time_has_passed() -> None:
    market = market_of(series_of(rising_bars(10)))
    close = RECORDED + 5 * MINUTE_MS
    before, at = market.klines("1m", close - 1), market.klines("1m", close)
    assert [len(before), len(at)] == [5, 6]
    assert [kline.closed for kline in before[-2:]] == [True, False]
    assert [kline.closed for kline in at[-2:]] == [True, False]


@pytest.mark.parametrize("shift_minutes", [0, 1, 7, 14])
def test_longer_candles_are_aligned_to_the_wall_clock_whatever_the_shift(shift_minutes: int) -> None:
    shift = shift_minutes * MINUTE_MS
    bars = rising_bars(60)
    market = market_of(series_of(bars), shift_ms=shift)
    klines = market.klines("15m", RECORDED + shift + 60 * MINUTE_MS)
    assert klines
    for kline in klines:
        assert kline.open_ms % (15 * MINUTE_MS) == 0
        first = (kline.open_ms - RECORDED - shift) // MINUTE_MS
        parts = bars[first : first + 15]
        assert kline.bar.open == parts[0].open
        assert kline.bar.high == max(part.high for part in parts)
        assert kline.bar.low == min(part.low for part in parts)
        assert kline.bar.close == parts[-1].close
        assert kline.bar.volume == round(sum(part.volume for part in parts), 1)


def test_a_long_candle_forms_from_the_closed_base_candles_and_the_forming_one() -> None:
    bars = rising_bars(60)
    market = market_of(series_of(bars))
    now = RECORDED + 17 * MINUTE_MS + 1000
    minute, quarter = market.klines("1m", now)[-1].bar, market.klines("15m", now)[-1].bar
    assert quarter == Bar(
        bars[15].open,
        max(bars[15].high, bars[16].high, minute.high),
        min(bars[15].low, bars[16].low, minute.low),
        minute.close,
        round(bars[15].volume + bars[16].volume + minute.volume, 1),
    )


def test_a_candle_whose_beginning_was_not_recorded_is_left_out() -> None:
    market = market_of(series_of(rising_bars(60), start_ms=RECORDED + MINUTE_MS))
    opens = [kline.open_ms for kline in market.klines("15m", RECORDED + 40 * MINUTE_MS)]
    assert opens == [RECORDED + 15 * MINUTE_MS, RECORDED + 30 * MINUTE_MS]
    assert market.klines("15m", RECORDED + 5 * MINUTE_MS) == []


def test_a_candle_whose_end_was_not_recorded_never_counts_as_closed() -> None:
    market = market_of(series_of(rising_bars(20)))
    while_forming = market.klines("15m", RECORDED + 25 * MINUTE_MS)
    assert [kline.closed for kline in while_forming] == [True, False]
    assert [kline.closed for kline in market.klines("15m", RECORDED + 2 * HOUR_MS)] == [True]


def test_a_missing_base_candle_is_missing_and_longer_ones_are_made_of_the_rest() -> None:
    bars = rising_bars(30)
    market = market_of(series_of(bars, missing=[3, 4]))
    now = RECORDED + 30 * MINUTE_MS
    assert [kline.bar for kline in market.klines("1m", now)] == [*bars[:3], *bars[5:]]
    assert market.klines("3m", now)[1].bar == bars[5]
    assert market.forming("1m", RECORDED + 3 * MINUTE_MS + 1) is None
    assert market.last_price(RECORDED + 4 * MINUTE_MS) == bars[2].close


NOW = RECORDED + 10 * MINUTE_MS + 30_000


@pytest.mark.parametrize(
    ("start", "end", "limit", "minutes"),
    [
        (None, None, 3, [8, 9, 10]),
        (None, None, 500, list(range(11))),
        (2, None, 3, [2, 3, 4]),
        (9, None, 3, [9, 10]),
        (9, None, 2, [9, 10]),
        (9, None, 1, [9]),
        (10, None, 5, [10]),
        (11, None, 5, []),
        (None, 4, 3, [2, 3, 4]),
        (None, 10, 3, [8, 9, 10]),
        (None, -1, 3, []),
        (2, 4, 500, [2, 3, 4]),
        (2, 8, 2, [2, 3]),
        (8, 20, 500, [8, 9, 10]),
        (4, 2, 500, []),
    ],
)
def test_rows_are_chosen_by_start_end_and_limit(
    start: int | None, end: int | None, limit: int, minutes: list[int]
) -> None:
    klines = market_of(series_of(rising_bars(30))).klines(
        "1m",
        NOW,
        start_ms=None if start is None else RECORDED + start * MINUTE_MS,
        end_ms=None if end is None else RECORDED + end * MINUTE_MS,
        limit=limit,
    )
    assert [(kline.open_ms - RECORDED) // MINUTE_MS for kline in klines] == minutes


def test_a_start_within_a_candle_begins_with_the_next_and_an_end_within_one_includes_it() -> None:
    market = market_of(series_of(rising_bars(30)))
    klines = market.klines("1m", NOW, start_ms=RECORDED + 1, end_ms=RECORDED + 2 * MINUTE_MS + 1)
    assert [(kline.open_ms - RECORDED) // MINUTE_MS for kline in klines] == [1, 2]


def random_bars(seed: int, count: int) -> list[Bar]:
    """Bars of one decimal place; the last is always the same, so that the places are, too."""
    chance = random.Random(seed)
    bars = []
    for _ in range(count):
        low, one, other, high = sorted(chance.randrange(100, 200) / 10 for _ in range(4))
        opened, closed = chance.sample([one, other], 2)
        bars.append(Bar(opened, high, low, closed, chance.randrange(1000) / 10))
    return [*bars, Bar(10.1, 10.1, 10.1, 10.1, 0.1)]


SEEDS = st.integers(0, 10**9)
COUNT = 40
ELAPSED = st.integers(0, COUNT * MINUTE_MS - 1)


@given(SEEDS, SEEDS, ELAPSED, st.sampled_from(INTERVALS), st.integers(0, 14))
def test_nothing_shown_depends_on_the_future(
    seed: int, other_seed: int, elapsed: int, interval: str, shift_minutes: int
) -> None:
    bars, other = random_bars(seed, COUNT), random_bars(other_seed, COUNT)
    begun = elapsed // MINUTE_MS + 1
    shift = shift_minutes * MINUTE_MS
    now = RECORDED + shift + elapsed

    def shown(bars: list[Bar]) -> tuple[object, ...]:
        market = market_of(series_of(bars), shift_ms=shift)
        return market.klines(interval, now), market.last_price(now), market.day(now)

    assert shown(bars) == shown(bars[:begun] + other[begun:])


@given(SEEDS, ELAPSED, st.sampled_from(INTERVALS))
def test_a_forming_candle_stays_within_the_candle_it_becomes(seed: int, elapsed: int, interval: str) -> None:
    bars = random_bars(seed, 60)
    market = market_of(series_of(bars))
    forming = market.forming(interval, RECORDED + elapsed)
    assert forming is not None
    whole = {kline.open_ms: kline.bar for kline in market.klines(interval, RECORDED + HOUR_MS)}[
        forming.open_ms
    ]
    assert forming.bar.open == whole.open
    assert whole.low <= forming.bar.low <= forming.bar.close <= forming.bar.high <= whole.high
    assert forming.bar.volume <= whole.volume


def test_the_price_moves_from_the_open_towards_the_close_and_stays_there_at_the_end() -> None:
    bars = rising_bars(3)
    market = market_of(series_of(bars))
    assert market.last_price(RECORDED - 1) is None
    assert market.last_price(RECORDED) == bars[0].open
    assert market.last_price(RECORDED + MINUTE_MS) == bars[1].open
    assert market.last_price(RECORDED + 3 * MINUTE_MS) == bars[2].close
    assert market.last_price(RECORDED + 30 * DAY_MS) == bars[2].close


def test_a_day_sums_the_last_24_hours_and_nothing_else() -> None:
    bars = rising_bars(26)
    market = market_of(series_of(bars, base_ms=HOUR_MS))
    day = market.day(RECORDED + 26 * HOUR_MS)
    assert day is not None
    assert day.bar == Bar(
        bars[2].open, bars[25].high, bars[2].low, bars[25].close, round(sum(b.volume for b in bars[2:]), 1)
    )
    assert day.previous_close == bars[1].close
    assert market.day(RECORDED + 60 * HOUR_MS) is None


def test_a_market_without_candles_has_every_interval_and_no_price() -> None:
    market = market_of(no_candles("SOL/USDT"))
    assert market.offers("1s")
    assert market.offers("1M")
    assert market.klines("1h", RECORDED) == []
    assert (market.last_price(RECORDED), market.day(RECORDED), market.is_replaying(RECORDED)) == (
        None,
        None,
        False,
    )


def test_intervals_shorter_than_the_recorded_one_are_not_offered() -> None:
    market = market_of(series_of(rising_bars(3), base_ms=HOUR_MS))
    assert not market.offers("1m")
    assert market.offers("1h")
    assert market.offers("1d")
