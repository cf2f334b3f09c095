"""Which open trades the mixin closes, and what it leaves to the strategy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment import SentimentMixin
from freqtrade.enums import CandleType

from tests.support.strategy.mixin_samples import Plain, advised, confirms, started, trade
from tests.support.strategy.strategy_samples import PAIR, at, signal

PROVEN = signal("bad", published=60, score=-0.8, confidence=0.9)


class Mine(SentimentMixin, Plain):
    """Has an exit of its own, at minute 1000."""

    def custom_exit(self, *, current_time: Any, **_: Any) -> str | None:
        return "mine" if current_time == at(1000) else None


def left(strategy: Any, minutes: float, **of_trade: Any) -> Any:
    """The answer to Freqtrade's question whether a trade shall be closed so many minutes after noon."""
    return strategy.custom_exit(
        pair=PAIR, trade=trade(**of_trade), current_time=at(minutes), current_rate=100.0, current_profit=0.0
    )


def test_proven_bad_news_closes_a_long_trade_as_soon_as_it_is_available(tmp_path: Path) -> None:
    strategy = started(Mine, tmp_path, [PROVEN], use=["exit"])
    assert [left(strategy, minute) for minute in (60, 61, 61.01, 1000)] == [None, None, "news -0.80", "mine"]
    assert left(strategy, 90, is_short=True) is None


def test_proven_good_news_closes_a_short_trade(tmp_path: Path) -> None:
    strategy = started(Mine, tmp_path, [PROVEN._replace(score=0.8)], use=["exit"])
    assert [left(strategy, 90, is_short=short) for short in (False, True)] == [None, "news 0.80"]


@pytest.mark.parametrize(
    "doubt",
    [{"confidence": 0.7}, {"scope": "market"}, {"degraded": True}, {"suspected": True}, {"score": -0.4}],
)
def test_news_that_is_not_proven_closes_nothing(tmp_path: Path, doubt: dict[str, Any]) -> None:
    strategy = started(Mine, tmp_path, [PROVEN._replace(**doubt)], use=["exit"])
    assert left(strategy, 90) is None


def test_a_kind_of_exit_on_closes_without_proof(tmp_path: Path) -> None:
    hack = PROVEN._replace(confidence=0.3, score=-0.2, event_type="hack")
    assert left(started(Mine, tmp_path, [hack], use=["exit"], exit_on=["hack"]), 90) == "news hack -0.20"
    assert left(started(Mine, tmp_path, [hack], use=["exit"]), 90) is None


def test_nothing_is_closed_where_exit_is_not_in_use(tmp_path: Path) -> None:
    strategy = started(Mine, tmp_path, [PROVEN], use=["veto", "confirm", "size", "features"])
    strategy._cryptoboy.source = None  # whoever asks the source fails
    assert [left(strategy, minute) for minute in (90, 1000)] == [None, "mine"]


def test_an_entry_that_the_next_loop_would_close_is_refused(tmp_path: Path) -> None:
    strategy = started(Mine, tmp_path, [PROVEN], use=["exit"])
    # The candle of minute 60 did not know the news of minute 61; that of minute 75 did, and is entered in spite of it.
    assert [confirms(strategy, at(minute)) for minute in (60, 65, 75)] == [True, False, True]


@pytest.mark.parametrize(("is_short", "score"), [(False, -0.9), (True, 0.9)])
def test_the_aggregate_of_the_last_candle_closes_a_trade(
    tmp_path: Path, is_short: bool, score: float
) -> None:
    class Both(Mine):
        can_short = True

    several = [
        signal(f"b{one}", published=3000 + one, score=score, source=f"s{one}", confidence=0.5)
        for one in range(3)
    ]
    strategy = started(Both, tmp_path, several, use=["exit"], sentiment_from="aggregate")
    frame = advised(strategy)
    side, other = ("short", "long") if is_short else ("long", "short")
    assert (frame[f"cryptoboy_exit_{side}"] != "").sum() == 16
    assert (frame[f"cryptoboy_exit_{other}"] == "").all()
    assert frame["enter_long"].sum() == (400 if is_short else 384)
    strategy.dp._set_cached_df(PAIR, "15m", frame, CandleType.SPOT)
    for count, reason in ((200, None), (210, f"news aggregate {score:.2f}")):
        strategy.dp._set_dataframe_max_index(PAIR, count)
        assert left(strategy, 3100, is_short=is_short) == reason


def test_exit_needs_a_strategy_that_freqtrade_asks_for_exits(tmp_path: Path) -> None:
    class Deaf(Mine):
        use_exit_signal = False

    with pytest.raises(ValueError, match=r"cryptoboy\.use has exit.*use_exit_signal"):
        started(Deaf, tmp_path, use=["exit"])
    assert started(Deaf, tmp_path, use=["veto"])
