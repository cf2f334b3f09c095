"""The strategy's fixed numbers, and that hyperopt can search each of them."""

from __future__ import annotations

from dataclasses import asdict

from cryptoboy_sentiment import Periods, Rules
from freqtrade.enums import RunMode
from freqtrade.plugins.protectionmanager import ProtectionManager
from freqtrade.strategy.hyper import detect_all_parameters
from LLMSentimentStrategy import LLMSentimentStrategy


def test_the_numbers_are_those_of_the_specification() -> None:
    assert asdict(Periods()) == {
        "ema_short": 12,
        "ema_long": 26,
        "rsi_period": 14,
        "macd_fast": 12,
        "macd_slow": 26,
        "macd_signal": 9,
        "bollinger_period": 20,
        "bollinger_deviations": 2.0,
        "volume_period": 20,
    }
    assert asdict(Rules()) == {
        "buy_sentiment_from": "newest",
        "buy_sentiment_above": 0.7,
        "buy_aggregate_above": 0.4,
        "buy_confidence_above": 0.2,
        "buy_allow_degraded": False,
        "buy_rsi_low": 30,
        "buy_rsi_high": 70,
        "buy_macd_cross_within": 3,
        "buy_full_stake_above": 0.8,
        "buy_aggregate_full_stake_above": 0.6,
        "buy_reduced_stake": 0.75,
        "sell_sentiment_from": "newest",
        "sell_sentiment_below": -0.5,
        "sell_aggregate_below": -0.3,
        "sell_rsi_above": 70,
        "sell_on_urgent_news": False,
        "sell_confidence_above": 0.8,
    }


def test_every_number_is_a_hyperopt_parameter_that_starts_at_it() -> None:
    spaces = detect_all_parameters(LLMSentimentStrategy)
    found = {name: one.value for space in spaces.values() for name, one in space.items()}
    assert found == asdict(Periods()) | asdict(Rules()) | {"staleness_hours": 4.0, "half_life_hours": 2.0}
    assert set(spaces) == {"buy", "sell", "indicators"}
    assert set(spaces["indicators"]) == {*asdict(Periods()), "staleness_hours", "half_life_hours"}


def test_every_start_lies_within_what_hyperopt_searches() -> None:
    ranges = [one for space in detect_all_parameters(LLMSentimentStrategy).values() for one in space.values()]
    assert all(one.low <= one.value <= one.high for one in ranges if hasattr(one, "low"))


def test_profit_targets_and_stops_are_those_of_the_specification() -> None:
    assert LLMSentimentStrategy.minimal_roi == {"0": 0.05, "30": 0.03, "60": 0.02, "120": 0.01}
    assert LLMSentimentStrategy.stoploss == -0.03
    assert LLMSentimentStrategy.trailing_stop
    assert LLMSentimentStrategy.trailing_stop_positive == 0.01
    assert LLMSentimentStrategy.trailing_stop_positive_offset == 0.02
    assert LLMSentimentStrategy.trailing_only_offset_is_reached
    assert LLMSentimentStrategy.timeframe == "15m"
    assert LLMSentimentStrategy.INTERFACE_VERSION == 3
    assert not LLMSentimentStrategy.can_short
    assert LLMSentimentStrategy.process_only_new_candles


def test_freqtrade_takes_the_protections_that_are_on_by_default() -> None:
    strategy = LLMSentimentStrategy({"runmode": RunMode.DRY_RUN})
    config = {"timeframe": "15m", "stake_currency": "USDT", "strategy": "LLMSentimentStrategy"}
    manager = ProtectionManager(config, strategy.protections)
    assert manager.name_list == ["CooldownPeriod", "StoplossGuard", "MaxDrawdown"]
