"""Which trades of a bot are read, from its answers."""

from __future__ import annotations

from typing import Any, cast

import pytest

from services.common.clock import ManualClock
from services.history_recorder.freqtrade.rest import FreqtradeRest
from services.history_recorder.freqtrade.trades import FoundTrades, TradeReader
from tests.support.history.history_samples import NOW

ENTRY, EXIT = {"ft_is_entry": True}, {"ft_is_entry": False}
Orders = list[dict[str, Any]]


class Bot:
    """Answers with the trades that it has."""

    def __init__(self) -> None:
        self.open: list[dict[str, Any]] = []
        self.article = ""
        self.questions = 0
        self._reader = TradeReader(ManualClock(NOW), lambda question: question())

    def holds(self, *orders: dict[str, Any]) -> None:
        self.open = [
            {"trade_id": 1, "pair": "BTC/USDT", "is_open": True, "open_timestamp": 1, "orders": [*orders]}
        ]

    def open_trades(self) -> list[dict[str, Any]]:
        return self.open

    def closed_trades(self, _limit: int, _offset: int) -> list[dict[str, Any]]:
        return []

    def article_of(self, _trade_id: int) -> str:
        self.questions += 1
        return self.article

    def read(self) -> FoundTrades:
        found = self._reader.read(cast("FreqtradeRest", self), "bot", None)
        self._reader.handed_over(found)
        return found


@pytest.mark.parametrize("orders", [[], [{**ENTRY, "filled": 0.0}], [{**EXIT, "filled": 0.5}]])
def test_a_trade_whose_entry_was_never_filled_is_none_because_freqtrade_may_delete_it(orders: Orders) -> None:
    bot = Bot()
    bot.holds(*orders)
    assert (bot.read().trades, bot.read().open_now) == ((), {})


def test_a_trade_is_read_when_the_first_part_of_its_entry_is_filled() -> None:
    bot = Bot()
    bot.holds({**ENTRY, "filled": 0.0})
    bot.read()
    bot.holds({**ENTRY, "filled": 0.1})
    assert [row.trade_id for row in bot.read().trades] == [1]
    bot.holds({**ENTRY, "filled": 0.1}, {**ENTRY, "filled": 0.0})
    assert list(bot.read().open_now) == [1]


def test_a_trade_is_read_again_when_the_strategy_stores_its_article_and_never_asked_for_it_after_that() -> (
    None
):
    bot = Bot()
    bot.holds({**ENTRY, "filled": 0.1})
    assert [row.details.get("trace_id") for row in bot.read().trades] == [None]
    bot.article = "article-1"
    assert [row.details.get("trace_id") for row in bot.read().trades] == ["article-1"]
    asked = bot.questions
    assert (bot.read().trades, bot.questions) == ((), asked)
