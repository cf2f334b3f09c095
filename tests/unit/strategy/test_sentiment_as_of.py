"""Which sentiment a candle sees."""

from __future__ import annotations

from datetime import timedelta

import cryptoboy_sentiment as news
import numpy as np
import pandas as pd
import pytest

from tests.support.strategy.strategy_samples import QUARTER, opens, signal


def seen(signals: list[news.Signal], *minutes: float, staleness_h: float = 4) -> pd.DataFrame:
    """The sentiment of 15m candles that open so many minutes after noon."""
    return news.as_of(
        news.signals_frame(signals), opens(*minutes), QUARTER, staleness=timedelta(hours=staleness_h)
    )


def test_a_signal_reaches_the_candle_that_closes_after_it_became_available() -> None:
    result = seen([signal(published=0, available=20, score=0.8)], 0, 15, 30)
    assert result["sentiment_status"].tolist() == ["none", "fresh", "fresh"]
    assert result["sentiment"].tolist()[1:] == [0.8, 0.8]


def test_a_signal_available_exactly_at_the_close_is_too_late_for_that_candle() -> None:
    assert seen([signal(available=15)], 0, 15)["sentiment_status"].tolist() == ["none", "fresh"]


def test_a_microsecond_before_the_close_is_early_enough() -> None:
    assert seen([signal(available=15 - 1 / 60e6)], 0)["sentiment_status"].tolist() == ["fresh"]


def test_no_signal_is_nan_and_not_zero() -> None:
    result = seen([], 0, 15)
    assert result["sentiment"].isna().all()
    assert result["sentiment_status"].tolist() == ["none", "none"]
    assert result["sentiment_age_hours"].isna().all()
    assert result["sentiment_label"].tolist() == ["", ""]


def test_a_neutral_signal_is_zero_and_not_missing() -> None:
    assert seen([signal(score=0.0)], 15)["sentiment"].tolist() == [0.0]


def test_a_signal_is_fresh_to_the_limit_and_stale_beyond_it() -> None:
    result = seen([signal(published=0)], 225, 240)  # closing 4 h and 4 h 15 min after publication
    assert result["sentiment_status"].tolist() == ["fresh", "stale"]
    assert result["sentiment"].isna().tolist() == [False, True]


def test_a_stale_signal_says_which_it_was_and_how_old() -> None:
    row = seen([signal("old", published=0)], 345).iloc[0]
    assert (row["sentiment_status"], row["sentiment_article_id"], row["sentiment_age_hours"]) == (
        "stale",
        "old",
        6,
    )
    assert row["sentiment_label"] == ""
    assert np.isnan(row["sentiment_confidence"])


def test_staleness_counts_from_publication_and_not_from_arrival() -> None:
    late = signal(published=0, available=300)
    assert seen([late], 300)["sentiment_status"].tolist() == ["stale"]


def test_the_newest_by_publication_wins_whatever_the_order_of_arrival() -> None:
    newer = signal("newer", published=10, available=11, score=0.9)
    older = signal("older", published=5, available=12, score=-0.9)
    assert seen([older, newer], 0)["sentiment"].tolist() == [0.9]
    assert seen([newer, older], 0)["sentiment"].tolist() == [0.9]


def test_of_two_published_together_the_one_that_came_later_wins() -> None:
    first = signal("z", published=0, available=1, score=0.1)
    second = signal("a", published=0, available=2, score=0.2)
    assert seen([first, second], 0)["sentiment"].tolist() == [0.2]


def test_of_two_published_and_available_together_the_higher_article_id_wins() -> None:
    assert seen([signal("b", score=0.2), signal("a", score=0.1)], 0)["sentiment"].tolist() == [0.2]


def test_a_market_signal_does_not_displace_an_asset_signal_that_is_fresh() -> None:
    asset = signal("asset", published=0, score=0.8)
    market = signal("market", published=30, score=-0.9, scope="market")
    result = seen([asset, market], 0, 30, 225)
    assert result["sentiment"].tolist() == [0.8, 0.8, 0.8]
    assert result["sentiment_scope"].tolist() == ["asset"] * 3


def test_a_newer_warning_of_the_market_ends_trades_beside_a_fresh_signal_of_the_asset() -> None:
    asset = signal("asset", published=0, score=0.9)
    market = signal("market", published=30, score=-0.9, scope="market")
    older = signal("older", published=-30, score=-0.8, scope="market")
    assert seen([asset, market], 30)["sentiment_for_exit"].tolist() == [-0.9]
    assert seen([asset, older], 30)["sentiment_for_exit"].tolist() == [0.9]


def test_good_or_unsure_news_of_the_market_changes_nothing_beside_a_fresh_signal_of_the_asset() -> None:
    asset = signal("asset", published=0, score=0.9)
    good = signal("good", published=30, score=0.2, scope="market")
    unsure = signal("unsure", published=30, score=-0.9, scope="market", confidence=0.1)
    for market in (good, unsure):
        result = seen([asset, market], 30)
        assert result["sentiment_for_exit"].tolist() == result["sentiment_for_entry"].tolist() == [0.9]


def test_a_market_signal_takes_over_when_the_asset_signal_is_stale() -> None:
    asset = signal("asset", published=0, score=0.8)
    market = signal("market", published=30, score=-0.9, scope="market")
    result = seen([asset, market], 240)
    assert (result["sentiment"].tolist(), result["sentiment_scope"].tolist()) == ([-0.9], ["market"])


def test_an_asset_signal_displaces_a_market_signal_that_is_newer() -> None:
    market = signal("market", published=30, available=31, scope="market", score=-0.9)
    asset = signal("asset", published=20, available=50, score=0.8)
    result = seen([market, asset], 30, 45)
    assert result["sentiment"].tolist() == [-0.9, 0.8]


def test_when_both_are_stale_the_newer_is_named() -> None:
    asset = signal("asset", published=0)
    market = signal("market", published=30, scope="market")
    row = seen([asset, market], 600).iloc[0]
    assert (row["sentiment_status"], row["sentiment_article_id"]) == ("stale", "market")


def test_a_correction_counts_from_when_it_became_available_and_not_before() -> None:
    first = signal(available=1, score=0.9)
    corrected = signal(available=20, score=-0.9, revision=1)
    assert seen([first, corrected], 0, 15)["sentiment"].tolist() == [0.9, -0.9]


def test_a_correction_may_move_publication_back_and_scope_to_market() -> None:
    other = signal("other", published=5, available=6, score=0.3)
    wrong = signal(published=10, available=11, score=0.9)
    corrected = signal(published=0, available=20, score=0.8, revision=1, scope="market")
    assert seen([other, wrong, corrected], 0, 15)["sentiment"].tolist() == [0.9, 0.3]


def test_an_old_revision_that_arrives_late_changes_nothing() -> None:
    corrected = signal(available=1, score=-0.9, revision=1)
    late = signal(available=20, score=0.9, revision=0)
    assert seen([corrected, late], 0, 15)["sentiment"].tolist() == [-0.9, -0.9]


def test_the_same_signal_twice_is_one() -> None:
    assert len(news.timeline(news.signals_frame([signal(), signal(), signal(available=30)]))) == 1


def test_two_models_of_one_article_are_two_signals() -> None:
    both = [signal(model="m1", score=0.1), signal(model="m2", score=0.2, available=2)]
    assert len(news.timeline(news.signals_frame(both))) == 2


def test_the_candle_being_decided_has_no_sentiment_when_the_store_is_unreadable() -> None:
    frame = news.signals_frame([signal(score=0.9)])
    result = news.as_of(frame, opens(0, 15), QUARTER, last_unreadable=True)
    assert result["sentiment_status"].tolist() == ["fresh", "unreadable"]
    assert result["sentiment"].isna().tolist() == [False, True]
    assert result["sentiment_article_id"].tolist() == ["a1", ""]


def test_unreadable_is_no_error_without_candles() -> None:
    assert news.as_of(news.signals_frame([]), opens(), QUARTER, last_unreadable=True).empty


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_unit_of_the_candle_times_makes_no_difference(unit: str) -> None:
    candles = opens(0, 15).dt.as_unit(unit)
    result = news.as_of(news.signals_frame([signal(available=15)]), candles, QUARTER)
    assert result["sentiment_status"].tolist() == ["none", "fresh"]


def test_the_time_zone_of_the_candle_times_makes_no_difference() -> None:
    candles = opens(0, 15).dt.tz_convert("Asia/Tokyo")
    result = news.as_of(news.signals_frame([signal(available=15)]), candles, QUARTER)
    assert result["sentiment_status"].tolist() == ["none", "fresh"]


def test_candle_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        news.as_of(news.signals_frame([]), opens(0).dt.tz_localize(None), QUARTER)


def test_the_result_has_the_index_of_the_candles_and_typed_columns() -> None:
    candles = opens(0, 15).set_axis([7, 9])
    result = news.as_of(news.signals_frame([signal(available=16)]), candles, QUARTER)
    assert result.index.tolist() == [7, 9]
    assert {name: str(kind) for name, kind in result.dtypes.items()} == {
        "sentiment": "float64",
        "sentiment_for_entry": "float64",
        "sentiment_for_exit": "float64",
        "sentiment_status": "str",
        "sentiment_label": "str",
        "sentiment_scope": "str",
        "sentiment_confidence": "float64",
        "sentiment_degraded": "bool",
        "sentiment_age_hours": "float64",
        "sentiment_article_id": "str",
        "sentiment_headline": "str",
        "news_event": "str",
    }


def test_what_made_the_signal_comes_with_it() -> None:
    row = seen([signal("x", degraded=True, confidence=0.4, score=-0.4)], 45).iloc[0]
    assert row["sentiment_degraded"]
    assert row["sentiment_confidence"] == 0.4
    assert row["sentiment_label"] == "bearish"
    assert row["sentiment_headline"] == "What x reports"
    assert row["sentiment_age_hours"] == 1.0
