"""The vectorised as-of merge agrees with its definition, and never looks ahead, whatever the signals."""

from __future__ import annotations

from datetime import datetime

import cryptoboy_sentiment as news
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategy.as_of_definition import (
    CANDLES,
    STALENESS,
    by_definition,
    is_trusted,
    known_at,
    newest,
    newness,
)
from tests.support.strategy.strategy_made_up import made_up_signal, signal_lists
from tests.support.strategy.strategy_samples import QUARTER, at, opens


def is_sound(one: news.Signal) -> bool:
    return is_trusted(one) and not one.degraded and one.confidence > news.CONFIDENCE_ABOVE


def fresh_score(known: list[news.Signal], close: datetime) -> list[float]:
    """The score of the newest signal if it is fresh, else nothing."""
    status, chosen = newest(known, close)
    return [chosen.score] if chosen and status == "fresh" else []


def market_warnings(sound: list[news.Signal], believed: list[news.Signal], close: datetime) -> list[float]:
    """The score of the newest sound signal about the market, if it warns and is newer than the one believed."""
    _, chosen = newest(believed, close)
    of_market = [one for one in sound if one.scope == "market"][-1:]
    return [
        one.score
        for one in of_market
        if chosen and newness(one) > newness(chosen) and one.score < 0 and close - one.published <= STALENESS
    ]


def merged(signals: list[news.Signal], candles: tuple[int, ...] = CANDLES) -> pd.DataFrame:
    return news.as_of(news.signals_frame(signals), opens(*candles), QUARTER, staleness=STALENESS)


@settings(max_examples=60, deadline=None)
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
@given(signal_lists)
def test_exits_and_entries_go_by_what_the_definition_says(signals: list[news.Signal]) -> None:
    for row, minute in zip(merged(signals).to_dict("records"), CANDLES, strict=True):
        close = at(minute) + QUARTER
        known = known_at(signals, close)
        believed = [one for one in known if is_trusted(one)]
        exits = fresh_score(believed, close)
        entries = [
            one.score
            for one in known
            if not is_trusted(one) and newest(sorted([*believed, one], key=newness), close) == ("fresh", one)
        ]
        if exits:
            sound = [one for one in known if is_sound(one)]
            exits += fresh_score(sound, close)
            assert row["sentiment_for_entry"] == min(exits + entries)
            assert row["sentiment_for_exit"] == min(exits + market_warnings(sound, believed, close))
        else:
            assert pd.isna(row["sentiment_for_exit"])
            assert pd.isna(row["sentiment_for_entry"])


def entry_score(signals: list[news.Signal], minute: int) -> float:
    """What entries go by at the candle, -1 where there is nothing."""
    frame = merged(signals, (minute,))
    return float(news.entry_sentiment(frame, news.Rules()).fillna(-1.0).iloc[0])


def exit_score(signals: list[news.Signal], minute: int) -> float:
    """What exits go by at the candle, 1 where there is nothing."""
    return float(news.exit_sentiment(merged(signals, (minute,)), news.Rules()).fillna(1.0).iloc[0])


@settings(max_examples=100, deadline=None)
@given(signal_lists, made_up_signal(), st.sampled_from(CANDLES))
def test_a_signal_that_deserves_less_trust_makes_no_entry_possible_and_hides_no_exit(
    signals: list[news.Signal], doubtful: news.Signal, minute: int
) -> None:
    more = doubtful._replace(article_id="more", suspected=True)
    assert entry_score([*signals, more], minute) <= entry_score(signals, minute)
    assert exit_score([*signals, more], minute) == exit_score(signals, minute)
    sound = [one for one in known_at(signals, at(minute) + QUARTER) if is_sound(one)]
    assert exit_score(signals, minute) <= exit_score(sound, minute)


@settings(max_examples=100, deadline=None)
@given(signal_lists, st.sampled_from(CANDLES))
def test_no_entry_is_possible_that_the_newest_signal_of_all_would_not_allow(
    signals: list[news.Signal], minute: int
) -> None:
    _, chosen = newest(known_at(signals, at(minute) + QUARTER), at(minute) + QUARTER)
    assert entry_score(signals, minute) <= (chosen.score if chosen else -1.0)


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
