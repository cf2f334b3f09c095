"""Which rules fired, which never did, and how many signals lie beyond each threshold."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from cryptoboy_sentiment import EXIT_RULES, Rules, signals_frame

from services.research.backtest.strategies.fired import rules_fired, thresholds
from tests.support.strategy.strategy_samples import signal

TRADES = pd.DataFrame({"exit_reason": ["sentiment -0.62", "roi", "roi", "macd_cross_down none"]})


def scored(sentiment: float) -> dict[str, object]:
    return dict.fromkeys(("sentiment", "sentiment_for_entry", "sentiment_for_exit"), sentiment)


# Holds every condition of an entry from the second candle on, when the MACD crosses, and no exit rule.
ENTERS = {
    "close": 100.0,
    "volume": 20.0,
    "ema_short": 11.0,
    "ema_long": 10.0,
    "rsi": 50.0,
    "macd": 1.0,
    "macd_signal": 0.5,
    "bollinger_upper": 110.0,
    "volume_mean": 10.0,
    **scored(0.9),
    "sentiment_confidence": 0.9,
    "sentiment_degraded": False,
    "sentiment_status": "fresh",
    "sentiment_aggregate": 0.5,
    "sentiment_aggregate_reliable": 0.5,
    "sentiment_aggregate_confident": 0.5,
}
BEFORE_THE_CROSS = ENTERS | {"macd": 0.0}


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def test_conditions_and_whole_rules_are_counted_over_all_pairs() -> None:
    frames = {
        "BTC/USDT": frame(BEFORE_THE_CROSS, ENTERS, ENTERS | {"rsi": 80.0}),
        "ETH/USDT": frame(BEFORE_THE_CROSS, ENTERS | scored(0.1)),
    }
    found = rules_fired(frames, Rules(), TRADES)
    entry = found["entry"]
    assert found["candles"] == 5
    assert entry["conditions"]["trend"] == {"candles": 5, "share": 1.0, "only_one_missing": 0}
    assert entry["conditions"]["rsi"] == {"candles": 4, "share": 0.8, "only_one_missing": 1}
    assert entry["conditions"]["macd_cross"]["candles"] == 3
    assert entry["conditions"]["sentiment"]["only_one_missing"] == 1
    assert entry["all"] == {"candles": 1, "share": 0.2}
    assert entry["without_sentiment"]["candles"] == 2
    assert found["exit_reasons"] == {"macd_cross_down": 1, "roi": 2, "sentiment": 1}


def test_rules_that_never_fire_are_named_and_others_are_not() -> None:
    down = ENTERS | {"macd": 0.0} | scored(-0.9)
    found = rules_fired({"BTC/USDT": frame(BEFORE_THE_CROSS, ENTERS, down)}, Rules(), TRADES)
    assert found["never"] == ["exit ema_down_rsi_high"]
    assert found["exit"]["rules"]["macd_cross_down"]["candles"] == 1
    assert set(found["exit"]["rules"]) == set(EXIT_RULES)


def test_a_rule_whose_parts_hold_only_one_at_a_time_never_fires() -> None:
    rows = [ENTERS | {"ema_short": 9.0}, ENTERS | {"rsi": 75.0}]
    found = rules_fired({"BTC/USDT": frame(*rows)}, Rules(), TRADES)
    assert found["exit"]["conditions"]["ema_down"]["candles"] == 1
    assert found["exit"]["conditions"]["rsi_high"]["candles"] == 1
    assert "exit ema_down_rsi_high" in found["never"]
    assert "entry, all conditions together" in found["never"]


def test_a_sentiment_that_never_suffices_is_named() -> None:
    rows = [row | scored(0.7) for row in (BEFORE_THE_CROSS, ENTERS)]
    found = rules_fired({"BTC/USDT": frame(*rows)}, Rules(), TRADES)
    assert "entry sentiment" in found["never"]


SIGNALS = signals_frame(
    [
        signal("a", score=0.95),
        signal("b", score=0.75),
        signal("c", score=0.7),
        signal("d", score=-0.6, degraded=True),
        signal("e", score=0.0, pair="ETH/USDT", scope="market"),
    ]
)


def test_signals_and_candles_beyond_each_threshold_are_counted() -> None:
    frames = {"BTC/USDT": frame(ENTERS, ENTERS | scored(-0.7), ENTERS | {"sentiment_degraded": True})}
    found = thresholds(SIGNALS, frames, Rules())
    counts = {row["name"]: (row["signals"], row["candles"]) for row in found["thresholds"]}
    assert counts == {
        "buy_sentiment_above": (2, 1),
        "buy_full_stake_above": (1, 1),
        "sell_sentiment_below": (1, 1),
    }
    assert found["thresholds"][0]["signals_share"] == pytest.approx(0.4)
    assert (found["signals"], found["degraded"], found["market_scope"]) == (5, 1, 1)
    assert found["by_pair"] == {"BTC/USDT": 4, "ETH/USDT": 1}


def test_where_the_aggregate_counts_its_thresholds_are_the_ones_reported() -> None:
    rules = replace(Rules(), buy_sentiment_from="aggregate", sell_sentiment_from="aggregate")
    found = thresholds(SIGNALS, {"BTC/USDT": frame(ENTERS)}, rules)
    names = [row["name"] for row in found["thresholds"]]
    assert names == [
        "buy_aggregate_above",
        "buy_aggregate_full_stake_above",
        "sell_aggregate_below",
    ]
    assert found["thresholds"][0]["candles"] == 1
