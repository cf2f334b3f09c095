"""The aggregate agrees with its formula, stays in bounds, and knows neither the future nor the order of arrival."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategy.strategy_made_up import made_up_signal, signal_lists
from tests.support.strategy.strategy_samples import QUARTER, at, opens, signal

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


def is_trusted(one: news.Signal) -> bool:
    return not one.suspected and one.weight > 0


def weight(one: news.Signal, close: datetime) -> float:
    decay = 2 ** (-(close - one.published) / HALF_LIFE)
    scope = {"asset": 1.0, "market": 0.5}[one.scope]
    return float(one.weight * one.confidence * scope * math.log2(2 + one.corroboration) * decay)


def mean(known: list[news.Signal], close: datetime) -> float:
    """The formula, one owner after the other; NaN where there is too little weight."""
    owned: dict[str, list[tuple[float, float]]] = {}
    for one in known:
        owned.setdefault((one.owner or one.source).casefold(), []).append((weight(one, close), one.score))
    weights = {owner: sum(each for each, _ in terms) for owner, terms in owned.items()}
    if sum(weights.values()) < news.MINIMUM_WEIGHT:
        return math.nan
    share = dict.fromkeys(owned, 1.0)
    for owner, terms in owned.items():
        others = sum(each for other, each in weights.items() if other != owner)
        most = max(*(each for each, _ in terms), others)
        if weights[owner] > most and others > 0:
            share[owner] = most / weights[owner]
    scaled = [(share[owner] * each, score) for owner, terms in owned.items() for each, score in terms]
    return sum(each * score for each, score in scaled) / sum(each for each, _ in scaled)


@settings(max_examples=100, deadline=None)
@given(signal_lists)
def test_every_candle_has_what_the_formula_says(signals: list[news.Signal]) -> None:
    for row, minute in zip(aggregated(signals).to_dict("records"), CANDLES, strict=True):
        close = at(minute) + QUARTER
        everything = in_force(signals, close)
        known = [one for one in everything if is_trusted(one)]
        total = sum(weight(one, close) for one in known)
        assert row["sentiment_aggregate_signals"] == len(known)
        assert row["sentiment_aggregate_weight"] == pytest.approx(total, abs=1e-12)
        if row["sentiment_aggregate_status"] == "fresh":
            assert row["sentiment_aggregate"] == pytest.approx(mean(known, close), abs=1e-9)
            assert row["sentiment_aggregate_weight"] >= news.MINIMUM_WEIGHT
        else:
            assert pd.isna(row["sentiment_aggregate"])
            assert row["sentiment_aggregate_weight"] < news.MINIMUM_WEIGHT
        none = "doubtful" if everything else "none"
        assert known or row["sentiment_aggregate_status"] == none


@settings(max_examples=60, deadline=None)
@given(signal_lists)
def test_entries_go_by_the_lower_of_what_is_sound_and_of_what_warns(signals: list[news.Signal]) -> None:
    for row, minute in zip(aggregated(signals).to_dict("records"), CANDLES, strict=True):
        close = at(minute) + QUARTER
        known = in_force(signals, close)
        for name, allowed in (("reliable", False), ("confident", True)):
            usable = [one for one in known if is_trusted(one) and (allowed or not one.degraded)]
            sound = [one for one in usable if one.confidence > news.CONFIDENCE_ABOVE]
            warning = [one for one in known if not is_trusted(one) and one.score < 0]
            expected = mean(sound, close)
            if not math.isnan(expected):
                expected = min(expected, mean([*usable, *warning], close))
            found = row[f"sentiment_aggregate_{name}"]
            assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(signal_lists, made_up_signal(), st.sampled_from(CANDLES))
def test_a_doubtful_signal_gives_entries_no_sentiment_and_moves_nothing_that_exits_go_by(
    signals: list[news.Signal], doubtful: news.Signal, minute: int
) -> None:
    more = doubtful._replace(article_id="more", suspected=True)
    before, after = aggregated(signals, (minute,)).iloc[0], aggregated([*signals, more], (minute,)).iloc[0]
    sound = [one for one in signals if is_trusted(one) and one.confidence > news.CONFIDENCE_ABOVE]
    assert after["sentiment_aggregate"] == pytest.approx(before["sentiment_aggregate"], nan_ok=True)
    for name in ("sentiment_aggregate_reliable", "sentiment_aggregate_confident"):
        assert pd.isna(before[name]) == pd.isna(after[name])
        assert sound or pd.isna(after[name])


@settings(max_examples=100, deadline=None)
@given(signal_lists, st.integers(2, 30), st.sampled_from([-1.0, 1.0]))
def test_copies_by_one_owner_never_outweigh_all_others_together(
    signals: list[news.Signal], copies: int, extreme: float
) -> None:
    others = [one._replace(owner="wire", suspected=False) for one in signals]
    flood = [
        signal(f"copy-{number}", published=200, available=201, score=extreme, owner="Flood", confidence=1.0)
        for number in range(copies)
    ]
    alone = aggregated(others, (195,)).iloc[0]
    one, many = aggregated([*others, flood[0]], (195,)).iloc[0], aggregated([*others, *flood], (195,)).iloc[0]
    if pd.isna(alone["sentiment_aggregate"]):
        return
    half = (alone["sentiment_aggregate"] + extreme) / 2
    furthest = max(one["sentiment_aggregate"] * extreme, half * extreme)
    assert many["sentiment_aggregate"] * extreme <= furthest + 1e-9


@settings(max_examples=60, deadline=None)
@given(signal_lists)
def test_a_single_owner_counts_as_if_there_were_no_limit(signals: list[news.Signal]) -> None:
    known = [one._replace(owner="group") for one in signals]
    for row, minute in zip(aggregated(known).to_dict("records"), CANDLES, strict=True):
        close = at(minute) + QUARTER
        terms = [(weight(one, close), one.score) for one in in_force(known, close) if is_trusted(one)]
        if not pd.isna(row["sentiment_aggregate"]):
            plain = sum(each * score for each, score in terms) / sum(each for each, _ in terms)
            assert row["sentiment_aggregate"] == pytest.approx(plain, abs=1e-9)


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
    more = signal("more", published=200, available=201, score=extreme, owner="another")
    row, with_more = aggregated(signals, (195,)).iloc[0], aggregated([*signals, more], (195,)).iloc[0]
    before, after = row["sentiment_aggregate"], with_more["sentiment_aggregate"]
    assert with_more["sentiment_aggregate_weight"] > row["sentiment_aggregate_weight"]
    assert pd.isna(before) or (after - before) * extreme >= -1e-12
