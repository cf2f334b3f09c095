"""Strategies that buy at once and note what happens. They run in a Freqtrade folder, on nothing else of ours."""

# mypy: disable-error-code="misc"
# The methods of `Notes` stand before those of strategies, whose parameters Freqtrade gives by name.

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from cryptoboy_sentiment import SentimentMixin
from freqtrade.strategy import BooleanParameter, IStrategy
from LLMSentimentStrategy import LLMSentimentStrategy

EVENTS = Path("events.jsonl")  # in the bot's folder


def note(what: str, **more: object) -> None:
    with EVENTS.open("a") as file:
        file.write(json.dumps({"what": what, "at": time.time()} | more) + "\n")


class BuysAtOnce:
    """Buys at every candle and leaves only because of news."""

    minimal_roi: ClassVar = {"0": 10}
    stoploss = -0.5
    trailing_stop = False
    order_types: ClassVar = {
        "entry": "market",
        "exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    def populate_indicators(self, dataframe: pd.DataFrame, _metadata: dict[str, str]) -> pd.DataFrame:
        return dataframe

    def populate_entry_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, str]) -> pd.DataFrame:
        return dataframe.assign(enter_long=1)

    def populate_exit_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, str]) -> pd.DataFrame:
        return dataframe

    def custom_stake_amount(self, proposed_stake: float, **_kwargs: Any) -> float:
        return proposed_stake


class Notes(BuysAtOnce):
    """Notes loops, exits and fills."""

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        super().bot_loop_start(current_time=current_time, **kwargs)
        note("loop")

    def confirm_trade_exit(self, exit_reason: str, **kwargs: Any) -> bool:
        note("exit", reason=exit_reason)
        allowed: bool = super().confirm_trade_exit(exit_reason=exit_reason, **kwargs)
        return allowed

    def order_filled(self, order: Any, **kwargs: Any) -> None:
        super().order_filled(order=order, **kwargs)
        note(order.ft_order_side)


class WithMixin(SentimentMixin, BuysAtOnce, IStrategy):
    timeframe = "15m"
    startup_candle_count = 30


class OfOurs(BuysAtOnce, LLMSentimentStrategy):
    sell_on_urgent_news = BooleanParameter(default=True, space="sell", optimize=False)


class WithMixinNoting(SentimentMixin, Notes, IStrategy):
    timeframe = "15m"
    startup_candle_count = 30


class OfOursNoting(Notes, OfOurs):
    pass


class BuysWhenItMay(OfOurs):
    """Buys again at once after an exit."""

    timeframe = "1m"

    @property
    def protections(self) -> list[dict[str, Any]]:
        return []
