"""Which news closes a trade at once."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from cryptoboy_sentiment import UrgentNews, UrgentRules, signals_frame
from freqtrade.exchange import timeframe_to_prev_date, timeframe_to_seconds

from tests.support.strategy.strategy_samples import PAIR, QUARTER, at, signal

RULES = UrgentRules(
    below=-0.5, confidence_above=0.8, kinds=frozenset({"delisting"}), staleness=timedelta(hours=4)
)
MICROSECOND = timedelta(microseconds=1)


def bad(article: str = "bad", **other: Any) -> news.Signal:
    """A signal that closes a long trade, available a minute after noon unless told."""
    return signal(article, **({"score": -0.8, "confidence": 0.9} | other))


def good(article: str = "good", **other: Any) -> news.Signal:
    """A signal that says the opposite of `bad`, ten minutes later unless told."""
    return signal(article, **({"score": 0.8, "confidence": 0.9, "published": 10} | other))


def found(
    *signals: news.Signal, now: float = 30, opened: float = -60, rules: UrgentRules = RULES, **other: Any
) -> news.Urgent | None:
    return UrgentNews(QUARTER).against(PAIR, signals_frame(signals), at(now), at(opened), rules, **other)


def closing(*signals: news.Signal, **other: Any) -> str:
    """The article that closes the trade; empty if it stays open."""
    answer = found(*signals, **other)
    return answer.article_id if answer else ""


def test_without_signals_nothing_closes_a_trade() -> None:
    assert found() is None


@pytest.mark.parametrize(
    ("fields", "closes"),
    [
        ({}, True),
        ({"confidence": 0.8}, False),  # one score alone, no more confident than asked for
        ({"confidence": 0.8, "corroboration": 1.0}, True),
        ({"confidence": 0.0, "corroboration": 1.0}, True),
        ({"confidence": 0.0, "event_type": "delisting"}, True),
        ({"confidence": 0.0, "event_type": "hack"}, False),  # a kind, but none that was chosen
        ({"score": -0.5}, False),
        ({"score": -0.51}, True),
        ({"score": -0.01, "event_type": "delisting"}, True),
        ({"score": 0.0, "event_type": "delisting"}, False),
        ({"score": 0.9, "event_type": "delisting"}, False),
        ({"scope": "market", "corroboration": 5.0}, False),
        ({"scope": "market", "event_type": "delisting"}, False),
        ({"degraded": True, "corroboration": 5.0}, False),
        ({"degraded": True, "event_type": "delisting"}, False),
        ({"suspected": True, "corroboration": 5.0, "event_type": "delisting"}, False),
        ({"weight": 0.0, "corroboration": 5.0, "event_type": "delisting"}, False),
    ],
)
def test_only_proven_news_about_the_asset_closes_a_trade(fields: dict[str, Any], closes: bool) -> None:
    assert bool(closing(bad(**fields))) == closes


@pytest.mark.parametrize("kind", ["other", "delisting"])
def test_scores_are_mirrored_for_shorts(kind: str) -> None:
    assert closing(bad(event_type=kind), is_short=True) == ""
    assert closing(good(event_type=kind), is_short=True) == "good"
    assert closing(good(event_type=kind), is_short=False) == ""
    assert closing(good(score=0.5), is_short=True) == ""


def test_news_counts_from_the_microsecond_after_it_was_available() -> None:
    one = bad(available=15)
    assert closing(one, now=15) == ""
    assert closing(one._replace(available_at=at(15) - MICROSECOND), now=15) == "bad"
    assert closing(one._replace(available_at=at(15) + MICROSECOND), now=15) == ""


def test_news_no_longer_counts_when_it_is_stale() -> None:
    assert closing(bad(published=0), now=4 * 60) == "bad"
    assert closing(bad(published=0), now=4 * 60 + 1) == ""
    assert closing(bad(published=0, available=4 * 60 + 5), now=4 * 60 + 6) == ""  # scored too late


def test_a_trade_that_was_opened_in_spite_of_news_is_not_closed_by_it() -> None:
    one = bad(available=15)
    assert closing(one, opened=15) == "bad"  # the candle that closed then does not know it
    assert closing(one._replace(available_at=at(15) - MICROSECOND), opened=15) == ""
    assert closing(bad(), bad("next", published=16), opened=15) == "next"


def test_news_that_was_proven_after_the_entry_closes_the_trade() -> None:
    alone = bad(confidence=0.5)
    told_again = bad(confidence=0.6, revision=1, corroboration=1.0, available=20)
    assert closing(alone, told_again, opened=15) == "bad"


def test_news_that_was_only_told_once_more_after_the_entry_does_not_close_the_trade() -> None:
    told_again = bad(revision=1, corroboration=1.0, available=20)
    assert closing(bad(), told_again, opened=15) == ""
    other_model = bad(model="m2", available=20)
    assert closing(bad(), other_model, opened=15) == ""


def test_a_correction_takes_the_place_of_what_it_corrects_once_it_is_available() -> None:
    corrected = bad(score=-0.1, revision=1, available=20)
    assert closing(bad(), corrected, now=20) == "bad"
    assert closing(bad(), corrected, now=21) == ""
    worse = bad(score=-0.1), bad(revision=1, available=20)
    assert closing(*worse, now=20) == ""
    assert closing(*worse, now=21) == "bad"


def test_a_contradiction_that_takes_the_corroboration_away_opens_the_way_again() -> None:
    corroborated = bad(confidence=0.6, corroboration=1.0)
    contradicted = bad(confidence=0.5, corroboration=0.0, revision=1, available=20)
    assert closing(corroborated, contradicted, now=21) == ""


def test_later_news_that_says_the_opposite_reverses_bad_news() -> None:
    assert closing(bad(), good()) == ""
    assert closing(bad(), good(published=-1)) == "bad"  # it was told before
    assert closing(bad(), good(score=0.49)) == "bad"
    assert closing(bad(), good(), now=11) == "bad"  # not available yet


@pytest.mark.parametrize(
    "unproven",
    [
        {"confidence": 0.8},
        {"degraded": True},
        {"suspected": True},
        {"weight": 0.0},
        {"scope": "market"},
    ],
)
def test_news_that_proves_less_reverses_nothing(unproven: dict[str, Any]) -> None:
    assert closing(bad(), good(**unproven)) == "bad"


def test_only_corroborated_news_reverses_corroborated_news() -> None:
    assert closing(bad(corroboration=1.0), good()) == "bad"
    assert closing(bad(corroboration=3.0), good(corroboration=1.0)) == ""


def test_no_other_article_reverses_a_kind_that_closes_at_once() -> None:
    assert closing(bad(event_type="delisting"), good(corroboration=5.0)) == "bad"


def test_the_worst_news_is_named_and_kinds_that_close_at_once_come_first() -> None:
    worst, kind = bad("worst", score=-0.9), bad("kind", score=-0.3, event_type="delisting")
    assert closing(bad(), worst) == closing(worst, bad()) == "worst"
    assert closing(bad(), worst, kind) == "kind"


def test_the_tag_is_short_and_names_kind_and_score() -> None:
    answers = [found(bad(event_type=kind)) for kind in ("delisting", "other", "hack")]
    assert [one.tag for one in answers if one] == ["news delisting -0.80", "news -0.80", "news hack -0.80"]


def test_a_frame_that_has_changed_is_read_again() -> None:
    urgent = UrgentNews(QUARTER)
    frames = [signals_frame([]), signals_frame([bad()]), signals_frame([bad(revision=1, score=0.0)])]
    answers = [urgent.against(PAIR, frame, at(30), at(-60), RULES) for frame in frames]
    assert [bool(one) for one in answers] == [False, True, False]
    other: pd.DataFrame = signals_frame([bad(pair="ETH/USDT")])
    assert urgent.against("ETH/USDT", other, at(30), at(-60), RULES) is not None


def test_news_after_the_candle_that_decided_on_the_entry_is_new_to_the_trade() -> None:
    """The bot orders some seconds after the close, or later if a slot becomes free."""
    one = bad(available=1)
    assert closing(one, opened=7) == "bad"  # opened at 12:07 on the candle that closed at 12:00
    assert closing(one, opened=15) == ""


def test_the_rules_are_those_of_the_configuration() -> None:
    settings = news.Settings(exit_below=-0.4, exit_confidence_above=0.6, exit_on=("hack",))
    expected = UrgentRules(-0.4, 0.6, frozenset({"hack"}), timedelta(hours=3))
    assert UrgentRules.of(settings, timedelta(hours=3)) == expected


@pytest.mark.parametrize("asks", [True, False])
def test_a_strategy_that_freqtrade_never_asks_for_an_exit_is_refused(asks: bool) -> None:
    strategy = SimpleNamespace(use_exit_signal=asks)
    if asks:
        news.refuse_without_exit_signals(strategy, "`use` has exit")
        return
    with pytest.raises(ValueError, match=r"`use` has exit, but use_exit_signal is false.*Set"):
        news.refuse_without_exit_signals(strategy, "`use` has exit")


@pytest.mark.parametrize("timeframe", ["15m", "4h", "1d", "3d", "1w", "2w"])
def test_news_since_the_candle_that_freqtrade_decided_on_is_new_to_a_trade(timeframe: str) -> None:
    opened = at(5 * 24 * 60 + 7)  # a Saturday
    decided = timeframe_to_prev_date(timeframe, opened)
    candle = timedelta(seconds=timeframe_to_seconds(timeframe))
    rules = RULES._replace(staleness=3 * candle)
    minute = (decided - at(0)) // timedelta(minutes=1)

    def closes(published: float) -> bool:
        signals = signals_frame([bad(published=published, available=published)])
        return bool(UrgentNews(candle).against(PAIR, signals, opened + candle, opened, rules))

    assert [closes(minute - 1), closes(minute)] == [False, True]
