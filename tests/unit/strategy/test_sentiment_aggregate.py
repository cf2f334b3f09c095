"""The aggregate of several signals: what each is worth, when it counts, and how it fades."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
import pytest

from tests.support.strategy.strategy_samples import QUARTER, at, opens, signal

HOUR = timedelta(hours=1)


def aggregated(*signals: news.Signal, minutes: tuple[float, ...] = (0,), **options: Any) -> pd.DataFrame:
    """At candles of 15 minutes that open so many minutes after noon, with a half-life of an hour."""
    frame = news.signals_frame(signals)
    return news.aggregate_as_of(frame, opens(*minutes), QUARTER, **{"half_life": HOUR} | options)


def score(*signals: news.Signal, minutes: float = 0) -> float:
    return float(aggregated(*signals, minutes=(minutes,))["sentiment_aggregate"].iloc[0])


def certain(name: str, value: float, **other: Any) -> news.Signal:
    usual: dict[str, Any] = {"confidence": 1.0, "source": f"source-{name}"}
    return signal(name, score=value, **usual | other)


def test_one_signal_is_its_own_aggregate_with_the_weight_of_its_confidence_and_age() -> None:
    row = aggregated(signal(score=0.6, confidence=0.8, published=-45)).iloc[0]
    assert row["sentiment_aggregate"] == pytest.approx(0.6)
    assert row["sentiment_aggregate_weight"] == pytest.approx(0.8 / 2)  # an hour old at the close
    assert (row["sentiment_aggregate_signals"], row["sentiment_aggregate_status"]) == (1, "fresh")


@pytest.mark.parametrize(
    ("difference", "weight"),
    [
        ({"published": -60}, 0.5),  # an hour before the other
        ({"confidence": 0.25}, 0.25),
        ({"weight": 3.0}, 3.0),
        ({"weight": 1e300}, 1000.0),
        ({"scope": "market"}, 0.5),
        ({"corroboration": 2.0}, 2.0),
        ({"corroboration": 6.0}, 3.0),
    ],
)
def test_signals_count_by_age_confidence_source_scope_and_corroboration(
    difference: dict[str, Any], weight: float
) -> None:
    assert score(certain("a", -0.5), certain("b", 1.0, **difference)) == pytest.approx(
        (-0.5 + weight * 1.0) / (1 + weight)
    )


def test_a_signal_counts_from_the_first_close_after_it_was_available() -> None:
    frame = aggregated(signal(published=0, available=15), minutes=(0, 15))
    assert frame["sentiment_aggregate_signals"].tolist() == [0, 1]


def test_a_signal_counts_until_it_is_stale() -> None:
    frame = aggregated(signal(published=0, available=1), minutes=(225, 226), half_life=10 * HOUR)
    assert frame["sentiment_aggregate_status"].tolist() == ["fresh", "none"]
    longer = aggregated(signal(published=0), minutes=(226,), half_life=10 * HOUR, staleness=5 * HOUR)
    assert longer["sentiment_aggregate_status"].tolist() == ["fresh"]


def test_a_correction_counts_in_place_of_what_it_corrects_from_when_it_is_available() -> None:
    first = certain("a", 0.8, published=0)
    second = certain("a", -0.8, published=0, available=20, revision=1, corroboration=2.0)
    frame = aggregated(first, second, minutes=(0, 15))
    assert frame["sentiment_aggregate"].tolist() == pytest.approx([0.8, -0.8])
    assert frame["sentiment_aggregate_signals"].tolist() == [1, 1]
    assert frame["sentiment_aggregate_weight"].tolist() == pytest.approx([0.5**0.25, 2 * 0.5**0.5])


def test_a_signal_fades_to_no_sentiment_when_too_little_weight_is_left() -> None:
    minutes = tuple(range(0, 225, 15))
    frame = aggregated(certain("a", 0.8), minutes=minutes)
    weights = [0.5 ** ((minute + 15) / 60) for minute in minutes]
    assert frame["sentiment_aggregate_weight"].tolist() == pytest.approx(weights)
    fresh = [weight >= news.MINIMUM_WEIGHT for weight in weights]
    assert fresh.count(True) == 13
    assert frame["sentiment_aggregate"].notna().tolist() == fresh
    assert frame["sentiment_aggregate_status"].tolist() == ["fresh" if one else "faded" for one in fresh]


def test_one_owner_s_signals_weigh_no_more_than_all_others_together() -> None:
    copies = [certain(f"copy-{number}", 0.9, owner="Group") for number in range(30)]
    assert score(certain("a", -0.8), *copies) == pytest.approx(0.05)
    assert score(certain("a", -0.8), certain("b", -0.8), *copies) == pytest.approx(0.05)
    assert score(certain("a", -0.8), certain("b", -0.8), copies[0]) == pytest.approx(-0.7 / 3)
    assert score(*copies) == pytest.approx(0.9)


def test_one_strong_signal_is_never_reduced() -> None:
    strong = certain("strong", -0.9, weight=5.0)
    assert score(strong, certain("a", 0.5)) == pytest.approx((5 * -0.9 + 0.5) / 6)
    weak = [certain(f"weak-{number}", 0.9, weight=0.5, source="source-strong") for number in range(30)]
    assert score(strong, *weak, certain("a", 0.5)) == pytest.approx(
        (5 * (5 * -0.9 + 15 * 0.9) / 20 + 0.5) / 6
    )


@pytest.mark.parametrize(
    "owners",
    [
        [{"owner": "group", "source": "one"}, {"owner": "group", "source": "two"}],
        [{"owner": "Group", "source": "one"}, {"owner": "gROUP", "source": "one"}],
        [{"source": "one"}, {"source": "ONE"}],
        [{"source": "one"}, {"owner": "one", "source": "two"}],
    ],
)
def test_sources_of_one_owner_count_as_one(owners: list[dict[str, Any]]) -> None:
    copies = [certain(f"copy-{number}", 0.9, **owners[number % 2]) for number in range(30)]
    assert score(certain("a", -0.8), *copies) == pytest.approx(0.05)


@pytest.mark.parametrize("doubt", [{"suspected": True}, {"weight": 0.0}])
def test_a_doubtful_signal_counts_neither_for_entries_nor_for_exits(doubt: dict[str, Any]) -> None:
    for honest in (0.6, -0.6):
        row = aggregated(certain("a", honest), certain("b", 1.0, **doubt)).iloc[0]
        assert row["sentiment_aggregate"] == row["sentiment_aggregate_reliable"] == pytest.approx(honest)
    alone = aggregated(certain("b", -1.0, **doubt)).iloc[0]
    assert (alone["sentiment_aggregate_status"], alone["sentiment_aggregate_signals"]) == ("doubtful", 0)
    assert math.isnan(alone["sentiment_aggregate"])


def test_a_suspected_warning_keeps_entries_from_being_made_but_forces_no_exit() -> None:
    row = aggregated(certain("a", 0.6), certain("b", -1.0, suspected=True)).iloc[0]
    assert row["sentiment_aggregate"] == pytest.approx(0.6)
    assert row["sentiment_aggregate_reliable"] == pytest.approx(-0.2)


def test_a_signal_that_is_not_confident_counts_for_exits_and_only_against_entries() -> None:
    good = aggregated(certain("a", 0.2), certain("b", 1.0, confidence=0.2)).iloc[0]
    assert good["sentiment_aggregate"] == pytest.approx(0.4 / 1.2)
    assert good["sentiment_aggregate_reliable"] == pytest.approx(0.2)
    bad = aggregated(certain("a", 0.6), certain("b", -1.0, confidence=0.2)).iloc[0]
    assert bad["sentiment_aggregate_reliable"] == bad["sentiment_aggregate"] == pytest.approx(0.4 / 1.2)


def test_signals_without_weight_are_no_sentiment() -> None:
    assert math.isnan(score(signal("a", weight=0.0), signal("b", confidence=0.0)))


def test_degraded_signals_are_left_out_of_the_reliable_aggregate() -> None:
    row = aggregated(certain("a", 0.2), certain("b", 0.8, degraded=True)).iloc[0]
    assert row["sentiment_aggregate"] == pytest.approx(0.5)
    assert row["sentiment_aggregate_reliable"] == pytest.approx(0.2)


def test_a_last_candle_that_could_not_be_read_has_no_aggregate() -> None:
    frame = aggregated(certain("a", 0.8), minutes=(0, 15), last_unreadable=True)
    assert frame["sentiment_aggregate_status"].tolist() == ["fresh", "unreadable"]
    last = frame.iloc[-1]
    assert math.isnan(last["sentiment_aggregate"])
    assert math.isnan(last["sentiment_aggregate_reliable"])
    assert (last["sentiment_aggregate_weight"], last["sentiment_aggregate_signals"]) == (0, 0)


def test_without_signals_there_is_none() -> None:
    frame = aggregated(minutes=(0, 15))
    assert frame["sentiment_aggregate_status"].tolist() == ["none", "none"]
    assert frame["sentiment_aggregate"].isna().all()


def test_one_moment_sees_what_a_candle_that_closes_then_sees() -> None:
    signals = news.signals_frame(
        [certain("a", 0.8), certain("b", -0.2, published=5), signal("c", published=40)]
    )
    row = news.aggregate_as_of(signals, opens(15), QUARTER, half_life=HOUR).iloc[0]
    assert news.aggregate_at(signals, at(30), half_life=HOUR) == tuple(
        row[f"sentiment_aggregate{name}"] for name in ("", "_weight", "_signals", "_status")
    )


def test_many_signals_on_many_candles_are_added_up_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    signals = [
        signal(f"a{number}", published=number, score=(-1) ** number * number / 300) for number in range(300)
    ]
    minutes = tuple(range(0, 600, 15))
    at_once = aggregated(*signals, minutes=minutes)
    monkeypatch.setattr("cryptoboy_sentiment.aggregate._TERMS_AT_ONCE", 50)
    pd.testing.assert_frame_equal(aggregated(*signals, minutes=minutes), at_once, check_exact=True)


def test_candles_out_of_order_and_half_lives_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="out of order"):
        aggregated(minutes=(15, 0))
    with pytest.raises(ValueError, match="half_life is 0:00:00, expected more than 0"):
        aggregated(half_life=timedelta(0))
