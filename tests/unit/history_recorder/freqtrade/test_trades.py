"""Which trades of a bot are read, from its answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import pytest
from freqtrade.rpc.api_server.api_schemas import OrderSchema

from services.common.clock import ManualClock, to_ms
from services.common.history.rows import DELETED, TradeRow
from services.history_recorder.freqtrade.rest import FreqtradeRest
from services.history_recorder.freqtrade.trades import PAGE, FoundTrades, TradeReader
from tests.support.history.history_samples import NOW

ENTRY, EXIT = {"ft_order_side": "buy"}, {"ft_order_side": "sell"}
Orders = list[dict[str, Any]]
T = TypeVar("T")
FILLED = {**ENTRY, "filled": 0.1}


def asked(question: Callable[[], T]) -> T:
    return question()


class Bot:
    """Answers with the trades that it has."""

    def __init__(self, *recorded: TradeRow) -> None:
        self.open: list[dict[str, Any]] = []
        self.closed: list[dict[str, Any]] = []
        self.article = ""
        self.questions = 0
        self._reader = TradeReader(ManualClock(NOW), asked, lambda _bot: recorded)

    def holds(self, *orders: dict[str, Any], is_short: bool = False) -> None:
        trade = {
            "trade_id": 1,
            "pair": "BTC/USDT",
            "is_open": True,
            "is_short": is_short,
            "open_timestamp": 1,
        }
        self.open = [{**trade, "orders": [*orders]}]

    def open_trades(self) -> list[dict[str, Any]]:
        return self.open

    def closes(self, trade_id: int, closed: datetime) -> None:
        times = {"open_timestamp": 1, "close_timestamp": to_ms(closed)}
        self.closed.insert(0, {"trade_id": trade_id, "pair": "BTC/USDT", "is_open": False, **times})

    def article_of(self, _trade_id: int) -> str:
        self.questions += 1
        return self.article

    def closed_trades(self, limit: int, offset: int) -> list[dict[str, Any]]:
        return self.closed[offset : offset + limit]

    def trade(self, trade_id: int) -> dict[str, Any] | None:
        return next((each for each in [*self.open, *self.closed] if each["trade_id"] == trade_id), None)

    def read(self, since: datetime | None = None, *, catches_up: bool = False) -> FoundTrades:
        found = self._reader.read(cast("FreqtradeRest", self), "bot", since, catches_up=catches_up)
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


def test_after_a_gap_trades_that_a_clock_set_back_let_close_in_the_past_are_read_once() -> None:
    bot = Bot()
    bot.closes(1, NOW - timedelta(hours=2))
    bot.closes(2, NOW - timedelta(hours=1))
    found = bot.read(NOW, catches_up=True).trades
    assert [row.trade_id for row in found] == [2, 1]
    assert bot.read(NOW).trades == ()
    again = Bot(*found)
    again.closed = bot.closed
    assert (again.read(NOW, catches_up=True).trades, again.questions) == ((), 0)


def test_a_trade_that_was_deleted_in_freqtrade_ends_without_a_profit() -> None:
    bot = Bot()
    bot.holds(FILLED)
    (before,) = bot.read().trades
    bot.open = []
    found = bot.read()
    (row,) = found.trades
    assert (row.trade_id, row.closed, row.exit_reason) == (before.trade_id, NOW, DELETED)
    assert (row.profit_abs, row.profit_ratio, row.close_rate) == (None, None, None)
    assert (found.position, bot.read().trades) == (None, ())


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_trade_that_the_history_has_as_open_is_looked_for_after_a_gap(is_closed: bool) -> None:
    bot = Bot()
    bot.holds(FILLED)
    (recorded,) = bot.read().trades
    after = Bot(recorded)
    if is_closed:
        after.closes(recorded.trade_id, NOW - timedelta(days=1))
    (row,) = after.read(NOW, catches_up=True).trades
    assert (row.closed, row.exit_reason) == ((NOW - timedelta(days=1), "") if is_closed else (NOW, DELETED))


def test_a_trade_that_closed_long_before_the_first_page_ends_is_asked_for() -> None:
    bot = Bot()
    bot.holds(FILLED)
    (recorded,) = bot.read().trades
    after = Bot(recorded)
    after.closes(recorded.trade_id, NOW - timedelta(days=9))
    for trade_id in range(2, PAGE + 3):
        after.closes(trade_id, NOW - timedelta(days=1))
    rows = {row.trade_id: row for row in after.read(NOW, catches_up=True).trades}
    assert rows[recorded.trade_id].closed == NOW - timedelta(days=9)


def test_the_entry_order_of_a_short_trade_is_a_sale() -> None:
    bot = Bot()
    bot.holds({**ENTRY, "filled": 0.1}, is_short=True)
    assert bot.read().trades == ()
    bot.holds({**EXIT, "filled": 0.1}, is_short=True)
    assert [row.trade_id for row in bot.read().trades] == [1]


def test_orders_have_the_fields_that_freqtrade_shows_of_open_trades() -> None:
    shown = OrderSchema.model_fields.keys()
    assert {*FILLED, *EXIT} <= shown
