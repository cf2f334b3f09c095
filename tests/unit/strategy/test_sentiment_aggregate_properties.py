"""The aggregate agrees with its formula, stays in bounds, and knows neither the future nor the order of arrival."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategy_made_up import signal_lists
from tests.strategy_samples import QUARTER, at, opens, signal

STALENESS = timedelta(hours=2)
HALF_LIFE = timedelta(minutes=50)
CANDLES = tuple(range(0, 480, 15))


def aggregated(signals: list[news.Signal], candles: tuple[int, ...] = CANDLES) -> pd.DataFrame:
    frame = news.signals_frame(signals)
    return news.aggregate_as_of(frame, opens(*candles), QUARTER, staleness=STALENESS, half_life=HALF_LIFE)


def in_force(signals: list[news.Signal], close: datetime) -> list[news.Signal]:
    """What counts at a close, one signal after the other as the documentation words it."""
    known: dict[tuple[str, str], news.Signal] = {}
    for one in sorted(signals, key=lambda s: (s.available_at, s.revision)):
        before = known.get((one.article_id, one.model))
        if one.available_at < close and (before is None or one.revision > before.revision):
            known[one.article_id, one.model] = one
    return [one for one in known.values() if close - one.published <= STALENESS]


def weight(one: news.Signal, close: datetime) -> float:
    decay = 2 ** (-(close - one.published) / HALF_LIFE)
    scope = {"asset": 1.0, "market": 0.5}[one.scope]
    return float(one.weight * one.confidence * scope * math.log2(2 + one.corroboration) * decay)


@settings(max_examples=100, deadline=None)
@given(signal_lists)
def test_every_candle_has_what_the_formula_says(signals: list[news.Signal]) -> None:
    for row, minute in zip(aggregated(signals).to_dict("records"), CANDLES, strict=True):
        close = at(minute) + QUARTER
        known = in_force(signals, close)
        total = sum(weight(one, close) for one in known)
        assert row["sentiment_aggregate_signals"] == len(known)
        assert row["sentiment_aggregate_weight"] == pytest.approx(total, abs=1e-12)
        if row["sentiment_aggregate_status"] == "fresh":
            mean = sum(weight(one, close) * one.score for one in known) / total
            assert row["sentiment_aggregate"] == pytest.approx(mean, abs=1e-12)
            assert row["sentiment_aggregate_weight"] >= news.MINIMUM_WEIGHT
        else:
            assert pd.isna(row["sentiment_aggregate"])
            assert row["sentiment_aggregate_weight"] < news.MINIMUM_WEIGHT


@settings(max_examples=60, deadline=None)
@given(signal_lists)
def test_the_aggregate_lies_between_the_lowest_and_the_highest_score(signals: list[news.Signal]) -> None:
    for row, minute in zip(aggregated(signals).to_dict("records"), CANDLES, strict=True):
        scores = [one.score for one in in_force(signals, at(minute) + QUARTER)]
        for name in ("sentiment_aggregate", "sentiment_aggregate_reliable"):
            if not pd.isna(row[name]):
                assert -1 <= row[name] <= 1
                assert min(scores) - 1e-12 <= row[name] <= max(scores) + 1e-12


@settings(max_examples=60, deadline=None)
@given(signal_lists.flatmap(lambda signals: st.tuples(st.just(signals), st.permutations(signals))))
def test_the_order_of_arrival_makes_no_difference_to_the_last_bit(
    both: tuple[list[news.Signal], list[news.Signal]],
) -> None:
    pd.testing.assert_frame_equal(aggregated(both[0]), aggregated(both[1]), check_exact=True)


@settings(max_examples=60, deadline=None)
@given(signal_lists, st.integers(1, len(CANDLES)))
def test_cutting_off_the_future_changes_no_candle(signals: list[news.Signal], count: int) -> None:
    end = at(CANDLES[count - 1]) + QUARTER
    known_then = aggregated([s for s in signals if s.available_at < end], CANDLES[:count])
    pd.testing.assert_frame_equal(known_then, aggregated(signals).head(count), check_exact=True)


@settings(max_examples=30, deadline=None)
@given(signal_lists)
def test_without_further_news_every_aggregate_fades_and_never_comes_back(signals: list[news.Signal]) -> None:
    last = max([one.available_at for one in signals], default=at(0))
    later = tuple(range(int((last - at(0)) / timedelta(minutes=1)), 1500, 15))
    frame = aggregated(signals, later)
    weights = frame["sentiment_aggregate_weight"].tolist()[1:]
    assert weights == sorted(weights, reverse=True)
    assert frame["sentiment_aggregate_status"].iloc[-1] == "none"


@settings(max_examples=30, deadline=None)
@given(signal_lists, st.sampled_from([-1.0, 1.0]))
def test_one_more_signal_draws_the_aggregate_towards_itself(
    signals: list[news.Signal], extreme: float
) -> None:
    more = signal("more", published=200, available=201, score=extreme)
    row, with_more = aggregated(signals, (195,)).iloc[0], aggregated([*signals, more], (195,)).iloc[0]
    before, after = row["sentiment_aggregate"], with_more["sentiment_aggregate"]
    assert with_more["sentiment_aggregate_weight"] > row["sentiment_aggregate_weight"]
    assert pd.isna(before) or (after - before) * extreme >= -1e-12
