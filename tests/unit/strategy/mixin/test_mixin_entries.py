"""Entries and additions that the mixin refuses at the last moment, and the stakes that it makes smaller."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment import SentimentMixin, Settings
from cryptoboy_sentiment.mixin.advice import stake_share
from freqtrade.persistence import Order
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategy.mixin_samples import Plain, WithNews, confirms, started, trade
from tests.support.strategy.strategy_samples import PAIR, at, signal

BAD = signal("bad", published=60, score=-0.8)
GOOD = signal("good", published=600, score=0.35)


def test_news_since_the_candle_refuses_an_entry_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    strategy = started(WithNews, tmp_path, [BAD])
    # Available at minute 61, while the candle that asked for the entry closed at minute 60.
    assert [confirms(strategy, at(minute)) for minute in (60, 61, 61.1, 300, 300.1)] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert f"Entry of {PAIR} (long) refused: news blocks: score -0.80, trace_id=" in caplog.text


def test_a_short_is_refused_on_good_news_and_not_on_bad_news(tmp_path: Path) -> None:
    strategy = started(WithNews, tmp_path, [BAD, GOOD])
    assert [confirms(strategy, at(minute), "short") for minute in (90, 630)] == [True, False]
    assert [confirms(strategy, at(minute), "long") for minute in (90, 630)] == [False, True]


def cancels(strategy: Any, minute: float, order: str = "1", *, is_short: bool = False) -> Any:
    """Whether an entry order that is open since noon is cancelled, asked as Freqtrade asks."""
    return strategy.check_entry_timeout(
        pair=PAIR, trade=trade(is_short=is_short), order=Order(order_id=order), current_time=at(minute)
    )


def test_an_entry_order_that_waits_is_cancelled_on_bad_news(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    strategy = started(WithNews, tmp_path, [BAD, GOOD])
    assert [cancels(strategy, minute) for minute in (60, 61, 61.1, 300, 300.1)] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert f"Open entry order of {PAIR} (long) cancelled: news blocks: score -0.80, trace_id=" in caplog.text
    assert [cancels(strategy, minute, is_short=True) for minute in (90, 630)] == [False, True]
    assert not cancels(started(WithNews, tmp_path, [BAD], use=["features"]), 90)


def test_each_order_that_is_cancelled_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    strategy = started(WithNews, tmp_path, [BAD])
    assert all(cancels(strategy, 90, order) for order in ("1", "1", "2"))
    assert caplog.text.count(f"Open entry order of {PAIR} (long) cancelled: news blocks: score -0.80") == 2


def test_the_strategys_own_timeout_of_an_entry_order_stands(tmp_path: Path) -> None:
    class Mine(SentimentMixin, Plain):
        def check_entry_timeout(self, **_: Any) -> bool:
            return True

    assert cancels(started(Mine, tmp_path, [BAD]), 0)


def test_features_alone_ask_the_strategy_only(tmp_path: Path) -> None:
    strategy = started(WithNews, tmp_path, [BAD], use=["features"])
    strategy._cryptoboy.source = None  # whoever asks the source fails
    assert confirms(strategy, at(90))


def test_the_strategys_own_refusal_stands_and_its_fault_lets_no_blocked_entry_through(tmp_path: Path) -> None:
    class Mine(SentimentMixin, Plain):
        def confirm_trade_entry(self, pair: str, **_: Any) -> bool:
            if pair == PAIR:
                return False
            raise ZeroDivisionError

    strategy = started(Mine, tmp_path, [BAD, BAD._replace(pair="ETH/USDT")])
    assert not confirms(strategy, at(0))
    with pytest.raises(ZeroDivisionError):  # Freqtrade's to handle, as without the mixin
        confirms(strategy, at(0), pair="ETH/USDT")
    assert not confirms(strategy, at(90), pair="ETH/USDT")


def test_additions_are_refused_as_entries_are_and_reductions_never(tmp_path: Path) -> None:
    class Adjusting(SentimentMixin, Plain):
        position_adjustment_enable = True
        wanted: Any = None

        def adjust_trade_position(self, **_: Any) -> Any:
            return self.wanted

    strategy = started(Adjusting, tmp_path, [BAD])

    def adjusted(wanted: Any, minutes: float, *, is_short: bool = False) -> Any:
        strategy.wanted = wanted
        return strategy.adjust_trade_position(trade=trade(is_short=is_short), current_time=at(minutes))

    more: list[Any] = [10.0, 10, (10.0, "dca")]
    for wanted in more:
        assert adjusted(wanted, 0) == wanted
        assert adjusted(wanted, 90) is None
        assert adjusted(wanted, 90, is_short=True) == wanted
    others: list[Any] = [None, -10.0, (-10.0, "less"), 0, (), (None, "x")]
    for wanted in others:
        assert adjusted(wanted, 90) == wanted


SIZES = [
    (90, 50.0),  # bad
    (0, 50.0),  # none
    (630, 75.0),  # 0.35, half way to 0.7
    (1230, 100.0),  # 0.7
    (1830, 100.0),  # 0.9
    (2430, 50.0),  # degraded good news opens no trade, and sizes none
]


@pytest.mark.parametrize(("minutes", "stake"), SIZES)
def test_size_takes_a_share_of_the_stake_by_the_sentiment(
    tmp_path: Path, minutes: float, stake: float
) -> None:
    news = [
        *(BAD, GOOD, signal("c", published=1200, score=0.7), signal("d", published=1800, score=0.9)),
        signal("e", published=2400, score=0.9, degraded=True),
    ]
    assert staked(started(WithNews, tmp_path, news, use=["size"]), minutes) == stake


def staked(strategy: Any, minutes: float, min_stake: float | None = 5.0, side: str = "long") -> Any:
    return strategy.custom_stake_amount(
        pair=PAIR,
        current_time=at(minutes),
        current_rate=100.0,
        proposed_stake=100.0,
        min_stake=min_stake,
        max_stake=1000.0,
        leverage=1.0,
        entry_tag=None,
        side=side,
    )


def test_a_stake_is_no_smaller_than_the_exchange_takes(tmp_path: Path) -> None:
    strategy = started(WithNews, tmp_path, use=["size"])
    assert [staked(strategy, 0, least) for least in (None, 80.0, 120.0)] == [50.0, 80.0, 100.0]


def test_a_short_is_larger_on_bad_news(tmp_path: Path) -> None:
    strategy = started(WithNews, tmp_path, [BAD], use=["size"])
    assert [staked(strategy, 90, side=side) for side in ("long", "short")] == [50.0, 100.0]


def test_the_strategys_own_stake_is_what_is_shared_and_its_fault_stays_freqtrades(tmp_path: Path) -> None:
    class Mine(SentimentMixin, Plain):
        stake: Any = 30.0

        def custom_stake_amount(self, **_: Any) -> Any:
            if self.stake == "fault":
                raise ValueError("no stake")
            return self.stake

    strategy = started(Mine, tmp_path, use=["size"])
    assert staked(strategy, 0) == 15.0
    for strategy.stake in (0, None):
        assert staked(strategy, 0) == strategy.stake
    strategy.stake = "fault"
    with pytest.raises(ValueError, match="no stake"):
        staked(strategy, 0)


scores = st.floats(-1, 1)


@given(scores, scores, st.floats(0, 1), st.floats(0.01, 1))
def test_a_stake_never_falls_as_the_sentiment_rises(
    one: float, other: float, full: float, smallest: float
) -> None:
    settings = Settings(full_stake_above=full, smallest_stake=smallest)
    low, high = sorted((one, other))
    assert smallest <= stake_share(low, settings) <= stake_share(high, settings) <= 1
    assert stake_share(math.nan, settings) == smallest
    assert high <= full or stake_share(high, settings) == 1
