"""The rules of the strategy, one condition at a time, and what tags and stakes follow from them."""

from __future__ import annotations

import math
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from cryptoboy_sentiment import Periods, Rules
from hypothesis import given
from hypothesis import strategies as st
from LLMSentimentStrategy import LLMSentimentStrategy

from tests.support.strategy.strategy_samples import wavy_candles

ENTRY: dict[str, Any] = {
    "close": 100.0,
    "volume": 11.0,
    "ema_short": 101.0,
    "ema_long": 100.0,
    "rsi": 50.0,
    "bollinger_upper": 110.0,
    "volume_mean": 10.0,
    "sentiment": 0.75,
    "sentiment_for_entry": 0.75,
    "sentiment_for_exit": 0.75,
    "sentiment_confidence": 0.9,
    "sentiment_degraded": False,
    "sentiment_status": "fresh",
    "sentiment_label": "very_bullish",
    "sentiment_scope": "asset",
    "sentiment_aggregate": 0.45,
    "sentiment_aggregate_reliable": 0.45,
    "sentiment_aggregate_confident": 0.45,
    "sentiment_aggregate_status": "fresh",
}
AGGREGATE: dict[str, Any] = {"buy_sentiment_from": "aggregate", "sell_sentiment_from": "aggregate"}


def frame(macd: list[float], **changes: Any) -> pd.DataFrame:
    """Candles on which every entry condition holds but for the MACD given (its signal is 0) and the changes."""
    return pd.DataFrame([ENTRY | changes] * len(macd)).assign(macd=macd, macd_signal=0.0)


def enters(candles: pd.DataFrame, **rules: Any) -> list[bool]:
    return news.entry_conditions(candles, Rules(**rules)).all(axis=1).tolist()


CROSSED_NOW = [-1.0, 1.0]


def test_an_entry_needs_nothing_more_than_its_six_conditions() -> None:
    assert enters(frame(CROSSED_NOW)) == [False, True]


def test_each_candle_says_which_rules_are_true_in_the_order_of_the_rules() -> None:
    held = news.entry_conditions(frame([-1.0, 1.0, 1.0], volume=9.0), Rules())[
        list(news.ENTRY_RULES)
    ].to_numpy()
    crossed = "+trend +rsi +macd_cross -volume +below_band +sentiment"
    assert news.rules_text(held, news.ENTRY_RULES).tolist() == [
        crossed.replace("+macd_cross", "-macd_cross"),
        crossed,
        crossed,
    ]
    assert news.rules_text(held[:, :2], ["trend", "rsi"]).tolist() == ["+trend +rsi"] * 3


@pytest.mark.parametrize(
    ("condition", "changes"),
    [
        ("sentiment", {"sentiment_for_entry": 0.7}),
        ("sentiment", {"sentiment_for_entry": math.nan}),
        ("sentiment", {"sentiment_confidence": 0.2}),
        ("sentiment", {"sentiment_confidence": math.nan}),
        ("sentiment", {"sentiment_degraded": True}),
        ("trend", {"ema_short": 100.0}),
        ("trend", {"ema_long": math.nan}),
        ("rsi", {"rsi": 30.0}),
        ("rsi", {"rsi": 70.0}),
        ("rsi", {"rsi": math.nan}),
        ("volume", {"volume": 10.0}),
        ("volume", {"volume_mean": math.nan}),
        ("below_band", {"close": 110.0}),
        ("below_band", {"bollinger_upper": math.nan}),
    ],
)
def test_without_one_condition_there_is_no_entry(condition: str, changes: dict[str, Any]) -> None:
    conditions = news.entry_conditions(frame(CROSSED_NOW, **changes), Rules()).iloc[-1]
    assert conditions.index[~conditions].tolist() == [condition]


@pytest.mark.parametrize(("above", "enter"), [(0.0, True), (0.59, True), (0.6, False)])
def test_an_entry_wants_more_than_the_minimum_confidence_that_is_set(above: float, enter: bool) -> None:
    candles = frame(CROSSED_NOW, sentiment_confidence=0.6)
    for allowed in (False, True):
        rules = {"buy_confidence_above": above, "buy_allow_degraded": allowed}
        assert enters(candles, **rules) == [False, enter]


def test_degraded_sentiment_enters_only_where_it_is_allowed() -> None:
    degraded = frame(CROSSED_NOW, sentiment_degraded=True)
    assert enters(degraded) == [False, False]
    assert enters(degraded, buy_allow_degraded=True) == [False, True]


@pytest.mark.parametrize(
    ("changes", "allowed", "enter"),
    [
        ({}, False, True),
        ({"sentiment_aggregate_reliable": 0.4}, False, False),
        ({"sentiment_aggregate_reliable": math.nan}, False, False),
        ({"sentiment_aggregate_reliable": math.nan}, True, True),
        ({"sentiment_aggregate": 0.4}, True, True),
        ({"sentiment_aggregate_confident": 0.4}, True, False),
        ({"sentiment_for_entry": -1.0, "sentiment_degraded": True}, False, True),
    ],
)
def test_entries_by_the_aggregate_have_a_threshold_of_their_own(
    changes: dict[str, Any], allowed: bool, enter: bool
) -> None:
    candles = frame(CROSSED_NOW, **changes)
    assert enters(candles, **AGGREGATE, buy_allow_degraded=allowed) == [False, enter]


@pytest.mark.parametrize(("aggregate", "fires"), [(-0.31, True), (-0.3, False), (math.nan, False)])
def test_exits_by_the_aggregate_have_a_threshold_of_their_own(aggregate: float, fires: bool) -> None:
    candles = frame([1.0], sentiment_for_exit=-1.0, sentiment_aggregate=aggregate)
    assert news.exit_conditions(candles, Rules(**AGGREGATE))["sentiment"].tolist() == [fires]


def test_a_macd_cross_counts_for_three_candles() -> None:
    assert enters(frame([-1, 1, 1, 1, 1])) == [False, True, True, True, False]


def test_a_macd_cross_counts_only_while_macd_stays_above() -> None:
    assert enters(frame([-1, 1, -1, -1])) == [False, True, False, False]


def test_a_macd_that_touches_its_signal_and_rises_has_crossed() -> None:
    assert enters(frame([1, 0, 1])) == [False, False, True]


def test_a_macd_that_was_always_above_has_not_crossed() -> None:
    assert enters(frame([1, 1, 1])) == [False, False, False]


def test_a_macd_that_comes_up_out_of_its_warm_up_has_not_crossed() -> None:
    assert enters(frame([math.nan, 1, 1])) == [False, False, False]


def test_the_technical_conditions_can_be_asked_without_sentiment() -> None:
    candles = frame(CROSSED_NOW).drop(columns=[name for name in ENTRY if name.startswith("sentiment")])
    assert news.technical_entry_conditions(candles, Rules()).all(axis=1).tolist() == [
        False,
        True,
    ]


def exits(candles: pd.DataFrame) -> list[list[str]]:
    conditions = news.exit_conditions(candles, Rules())
    return [[str(name) for name in row.index[row]] for _, row in conditions.iterrows()]


def test_nothing_of_an_exit_rule_is_no_exit() -> None:
    assert exits(frame([1.0, 1.0])) == [[], []]


@pytest.mark.parametrize(("sentiment", "fires"), [(-0.51, True), (-0.5, False), (math.nan, False)])
def test_negative_sentiment_is_an_exit_but_missing_sentiment_is_none(sentiment: float, fires: bool) -> None:
    assert exits(frame([1.0], sentiment_for_exit=sentiment)) == [["sentiment"] if fires else []]


def test_degraded_negative_sentiment_is_an_exit() -> None:
    assert exits(frame([1.0], sentiment_for_exit=-0.9, sentiment_degraded=True)) == [["sentiment"]]


@pytest.mark.parametrize(
    ("ema_short", "rsi", "fired"),
    [(99.0, 71.0, ["ema_down_rsi_high"]), (100.0, 71.0, []), (99.0, 70.0, []), (99.0, math.nan, [])],
)
def test_a_downtrend_exits_only_while_overbought(ema_short: float, rsi: float, fired: list[str]) -> None:
    assert exits(frame([1.0], ema_short=ema_short, rsi=rsi)) == [fired]


def test_macd_crossing_below_its_signal_is_an_exit_on_that_candle_only() -> None:
    assert exits(frame([1, -1, -1])) == [[], ["macd_cross_down"], []]


def test_a_candle_that_enters_does_not_leave() -> None:
    candles = wavy_candles(600)
    candles = candles.assign(**news.technical_indicators(candles, Periods()))
    candles = candles.assign(
        sentiment_for_entry=0.9,
        sentiment_for_exit=0.9,
        sentiment_confidence=0.9,
        sentiment_degraded=False,
        sentiment_aggregate=0.9,
    )
    entering = news.entry_conditions(candles, Rules()).all(axis=1)
    leaving = news.exit_conditions(candles, Rules()).any(axis=1)
    assert entering.any()
    assert leaving.any()
    assert not (entering & leaving).any()


def test_entry_tags_say_rule_and_sentiment() -> None:
    row = ENTRY | {"sentiment_for_entry": 0.834}
    assert news.entry_tag(row, Rules()) == "sentiment 0.83 very_bullish asset + macd_cross"
    degraded = row | {"sentiment_degraded": True, "sentiment_scope": "market"}
    assert news.entry_tag(degraded, Rules()) == "sentiment 0.83 very_bullish market degraded + macd_cross"


@pytest.mark.parametrize(
    ("status", "sentiment", "fired", "tag"),
    [
        ("fresh", -0.62, ["sentiment"], "sentiment -0.62"),
        ("fresh", 0.1, ["ema_down_rsi_high"], "ema_down_rsi_high 0.10"),
        ("none", math.nan, ["macd_cross_down"], "macd_cross_down none"),
        ("stale", math.nan, ["macd_cross_down"], "macd_cross_down stale"),
        ("unreadable", math.nan, ["macd_cross_down"], "macd_cross_down unreadable"),
        ("doubtful", math.nan, ["macd_cross_down"], "macd_cross_down doubtful"),
        ("fresh", -0.9, ["sentiment", "macd_cross_down"], "sentiment+macd_cross_down -0.90"),
    ],
)
def test_exit_tags_say_rules_and_sentiment_or_why_there_is_none(
    status: str, sentiment: float, fired: list[str], tag: str
) -> None:
    row = {"sentiment": sentiment, "sentiment_for_exit": sentiment, "sentiment_status": status}
    assert news.exit_tag(row, fired, Rules()) == tag


def test_an_exit_tag_says_when_the_sentiment_is_that_of_another_signal() -> None:
    row = {"sentiment": 0.2, "sentiment_for_exit": -0.9, "sentiment_status": "fresh"}
    assert news.exit_tag(row, ["sentiment"], Rules()) == "sentiment -0.90 other"


@pytest.mark.parametrize(
    ("used", "tag"),
    [
        (news.ENTRY_RULES, "sentiment aggregate 0.45 + macd_cross"),
        (("macd_cross", "rsi"), "macd_cross"),
        (("sentiment",), "sentiment aggregate 0.45"),
    ],
)
def test_entry_tags_say_aggregate_and_leave_out_rules_that_are_not_used(
    used: tuple[str, ...], tag: str
) -> None:
    assert news.entry_tag(ENTRY, Rules(**AGGREGATE), used) == tag


@pytest.mark.parametrize(
    ("status", "tag"), [("fresh", "sentiment aggregate 0.45"), ("faded", "sentiment aggregate faded")]
)
def test_exit_tags_say_aggregate_or_why_there_is_none(status: str, tag: str) -> None:
    row = ENTRY | {"sentiment_aggregate_status": status}
    assert news.exit_tag(row, ["sentiment"], Rules(**AGGREGATE)) == tag


def test_exit_tags_leave_out_sentiment_where_it_is_no_rule() -> None:
    conditions = news.exit_conditions(frame([1, -1]), Rules()).drop(columns="sentiment")
    assert news.exit_tags(frame([1, -1]), conditions, Rules()).tolist() == ["", "macd_cross_down"]


@pytest.mark.parametrize(
    ("aggregate", "stake"),
    [(0.61, 100.0), (0.6, 75.0), (0.41, 75.0), (0.4, 75.0), (-1.0, 75.0), (math.nan, 75.0)],
)
def test_the_stake_follows_the_aggregate_by_thresholds_of_its_own(aggregate: float, stake: float) -> None:
    assert news.stake_for(aggregate, 100.0, None, Rules(**AGGREGATE)) == stake


def test_the_rules_are_known_by_the_names_of_their_columns() -> None:
    candles = frame(CROSSED_NOW)
    assert tuple(news.entry_conditions(candles, Rules())) == news.ENTRY_RULES
    assert tuple(news.exit_conditions(candles, Rules())) == news.EXIT_RULES


@pytest.mark.parametrize(
    ("sentiment", "min_stake", "stake"),
    [
        (0.81, None, 100.0),
        (0.8, None, 75.0),
        (0.71, 10.0, 75.0),
        (0.7, None, 75.0),
        (0.4, None, 75.0),
        (-1.0, None, 75.0),
        (math.nan, None, 75.0),
        (0.75, 80.0, 80.0),
        (0.75, 120.0, 100.0),
        (0.9, 120.0, 100.0),
    ],
)
def test_the_stake_follows_the_sentiment_and_never_exceeds_the_proposed_one(
    sentiment: float, min_stake: float | None, stake: float
) -> None:
    assert news.stake_for(sentiment, 100.0, min_stake, Rules()) == stake


SCORES = st.floats(-1, 1)


@given(
    weaker=SCORES,
    stronger=SCORES,
    proposed=st.floats(0.01, 1e6),
    min_stake=st.none() | st.floats(0, 1e6),
    rules=st.builds(
        Rules,
        buy_sentiment_from=st.sampled_from(news.SENTIMENT_FROM),
        buy_sentiment_above=SCORES,
        buy_full_stake_above=SCORES,
        buy_aggregate_above=SCORES,
        buy_aggregate_full_stake_above=SCORES,
        buy_reduced_stake=st.floats(0.25, 1),
    ),
)
def test_no_weaker_news_has_a_bigger_stake_whatever_the_marks(
    weaker: float, stronger: float, proposed: float, min_stake: float | None, rules: Rules
) -> None:
    low, high = (news.stake_for(score, proposed, min_stake, rules) for score in sorted((weaker, stronger)))
    none = news.stake_for(math.nan, proposed, min_stake, rules)
    smallest = min(min_stake or 0.0, proposed)
    assert smallest <= none <= low <= high <= proposed
    assert none == max(proposed * rules.buy_reduced_stake, smallest)


def test_indicators_agree_with_their_definitions() -> None:
    candles = wavy_candles(400)
    close = candles["close"]
    result = news.technical_indicators(candles, Periods())
    last = result.iloc[-1]

    def ema(values: pd.Series[Any], period: int) -> pd.Series[Any]:
        return values.ewm(span=period, adjust=False).mean()

    macd = ema(close, 12) - ema(close, 26)
    change = close.diff()
    gain = change.clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean().iloc[-1]
    loss = (-change.clip(upper=0)).ewm(alpha=1 / 14, adjust=False).mean().iloc[-1]
    assert last["ema_short"] == pytest.approx(ema(close, 12).iloc[-1])
    assert last["ema_long"] == pytest.approx(ema(close, 26).iloc[-1])
    assert last["macd"] == pytest.approx(macd.iloc[-1], abs=1e-6)
    assert last["macd_signal"] == pytest.approx(ema(macd, 9).iloc[-1], abs=1e-6)
    assert last["rsi"] == pytest.approx(100 - 100 / (1 + gain / loss))
    tail = close.tail(20)
    assert last["bollinger_middle"] == pytest.approx(tail.mean())
    assert last["bollinger_upper"] == pytest.approx(tail.mean() + 2 * tail.std(ddof=0))
    assert last["bollinger_lower"] == pytest.approx(tail.mean() - 2 * tail.std(ddof=0))
    assert last["volume_mean"] == pytest.approx(candles["volume"].tail(20).mean())


def test_indicators_do_not_look_ahead() -> None:
    candles = wavy_candles(400)
    whole = news.technical_indicators(candles, Periods())
    pd.testing.assert_frame_equal(news.technical_indicators(candles.head(300), Periods()), whole.head(300))


def test_indicators_have_settled_after_the_candles_the_strategy_asks_for() -> None:
    candles = wavy_candles(1000)
    warm_up = LLMSentimentStrategy.startup_candle_count
    whole = news.technical_indicators(candles, Periods()).iloc[-1]
    part = news.technical_indicators(candles.tail(warm_up + 1), Periods()).iloc[-1]
    pd.testing.assert_series_equal(part, whole, check_names=False, rtol=1e-5, atol=1e-5)
