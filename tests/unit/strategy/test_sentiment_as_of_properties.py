"""The vectorised as-of merge agrees with its definition, and never looks ahead, whatever the signals."""

from __future__ import annotations

from datetime import datetime, timedelta

import cryptoboy_sentiment as news
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategy_made_up import signal_lists
from tests.strategy_samples import QUARTER, at, opens

STALENESS = timedelta(hours=2)
CANDLES = tuple(range(0, 480, 15))


def newness(one: news.Signal) -> tuple[datetime, datetime, str, str]:
    return one.published, one.available_at, one.article_id, one.model


def by_definition(signals: list[news.Signal], close: datetime) -> tuple[str, news.Signal | None]:
    """Status and signal of a candle, as the documentation words it, one signal after the other."""
    in_force: dict[tuple[str, str], news.Signal] = {}
    for one in sorted(signals, key=lambda s: (s.available_at, s.revision)):
        before = in_force.get((one.article_id, one.model))
        if one.available_at < close and (before is None or one.revision > before.revision):
            in_force[one.article_id, one.model] = one
    known = sorted(in_force.values(), key=newness)
    if not known:
        return "none", None
    fresh_assets = [s for s in known if s.scope == "asset" and close - s.published <= STALENESS]
    chosen = fresh_assets[-1] if fresh_assets else known[-1]
    return ("fresh" if close - chosen.published <= STALENESS else "stale"), chosen


def merged(signals: list[news.Signal], candles: tuple[int, ...] = CANDLES) -> pd.DataFrame:
    return news.as_of(news.signals_frame(signals), opens(*candles), QUARTER, staleness=STALENESS)


@settings(max_examples=100, deadline=None)
@given(signal_lists)
def test_every_candle_sees_what_the_definition_says(signals: list[news.Signal]) -> None:
    result = merged(signals)
    for row, minute in zip(result.to_dict("records"), CANDLES, strict=True):
        status, chosen = by_definition(signals, at(minute) + QUARTER)
        assert row["sentiment_status"] == status
        assert row["sentiment_article_id"] == (chosen.article_id if chosen else "")
        if chosen and status == "fresh":
            assert (row["sentiment"], row["sentiment_scope"]) == (chosen.score, chosen.scope)
            assert (row["sentiment_label"], row["sentiment_degraded"]) == (chosen.label, chosen.degraded)
        else:
            assert pd.isna(row["sentiment"])


@settings(max_examples=60, deadline=None)
@given(signal_lists, st.integers(1, len(CANDLES)))
def test_cutting_off_the_future_changes_no_candle(signals: list[news.Signal], count: int) -> None:
    end = at(CANDLES[count - 1]) + QUARTER
    known_then = merged([s for s in signals if s.available_at < end], CANDLES[:count])
    pd.testing.assert_frame_equal(known_then, merged(signals).head(count))


@settings(max_examples=30, deadline=None)
@given(signal_lists.flatmap(lambda signals: st.tuples(st.just(signals), st.permutations(signals))))
def test_the_order_in_which_signals_are_given_makes_no_difference(
    both: tuple[list[news.Signal], list[news.Signal]],
) -> None:
    pd.testing.assert_frame_equal(merged(both[0]), merged(both[1]))
