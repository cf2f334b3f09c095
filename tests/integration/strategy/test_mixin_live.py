"""A strategy with the mixin in a bot, with a real store: holds, a store that is away, faults, and what is logged."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import redis
from cryptoboy_sentiment import SentimentMixin, Signal

from tests.support.servers.servers import RedisServer
from tests.support.strategy.mixin_samples import Plain, WithNews, live, trade
from tests.support.strategy.mixin_samples import confirms as confirms_at
from tests.support.strategy.strategy_live import analysed, close_before_last, publish
from tests.support.strategy.strategy_samples import PAIR

pytestmark = pytest.mark.integration

NOWHERE = {"redis_host": "127.0.0.1", "redis_port": 1}


def confirms(strategy: Any) -> bool:
    """Whether an entry is confirmed in a loop of the bot."""
    now = datetime.now(UTC)
    strategy.bot_loop_start(current_time=now)
    return confirms_at(strategy, now)


class Adding(SentimentMixin, Plain):
    """Adds to each position."""

    def adjust_trade_position(self, **_: Any) -> float:
        return 10.0


@pytest.fixture(autouse=True)
def _told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cryptoboy_sentiment")


@pytest.mark.parametrize("use", ["veto", "confirm", "exit", "size", "features"])
def test_a_hold_stops_entries_and_additions_whatever_the_use(
    private_redis: RedisServer,
    store: redis.Redis,
    candles: pd.DataFrame,
    use: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish(store, 0.9, close_before_last(candles))
    strategy = live(Adding, private_redis, use=[use])
    assert confirms(strategy)
    store.hset("trading:holds", "operator", "{}")
    assert [confirms(strategy), confirms(strategy)] == [False, False]
    assert strategy.adjust_trade_position(trade=trade(), current_time=datetime.now(UTC)) is None
    assert (
        caplog.text.count(f"Entry of {PAIR} (long) refused: entries are paused by operator, trace_id=news")
        == 1
    )
    assert f"Addition of {PAIR} (long) refused: entries are paused by operator" in caplog.text
    store.hdel("trading:holds", "operator")
    assert confirms(strategy)
    assert strategy.adjust_trade_position(trade=trade(), current_time=datetime.now(UTC)) == 10.0


def test_a_store_that_has_lost_its_holds_stops_entries(
    private_redis: RedisServer, store: redis.Redis
) -> None:
    strategy = live(WithNews, private_redis, on_unreadable="allow")
    store.delete("trading:holds")
    assert not confirms(strategy)


@pytest.mark.parametrize("use", ["veto", "features"])
def test_a_store_that_is_away_stops_entries_unless_the_settings_allow_them(
    private_redis: RedisServer, use: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not confirms(live(WithNews, private_redis, use=[use], **NOWHERE))
    assert f"Entry of {PAIR} (long) refused: the news cannot be read" in caplog.text
    assert confirms(live(WithNews, private_redis, use=[use], on_unreadable="allow", **NOWHERE))


def test_a_candle_of_a_store_that_is_away_costs_no_entry_once_the_store_is_back(
    private_redis: RedisServer, store: redis.Redis, candles: pd.DataFrame
) -> None:
    strategy = live(WithNews, private_redis)
    strategy._cryptoboy.source.source._up_to_date.clear()  # as after a refresh that failed
    frame = strategy.analyze_ticker(candles.copy(), {"pair": PAIR})
    assert frame["sentiment_status"].iloc[-1] == "unreadable"
    assert frame["enter_long"].iloc[-1] == 1
    assert confirms(strategy)


def test_an_entry_that_the_last_candle_does_not_make_is_logged_once_with_its_article(
    private_redis: RedisServer, store: redis.Redis, candles: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    publish(store, -0.9, close_before_last(candles))
    strategy = live(WithNews, private_redis)
    for _ in range(2):
        assert analysed(strategy, candles)["enter_tag"].iloc[-1] == "news blocks: score -0.90"
    assert caplog.text.count(f"Entry of {PAIR} blocked: news blocks: score -0.90, trace_id=news") == 1


class Broken:
    """A source with a fault in it."""

    entries, holds, scored = "open", (), None

    def refresh(self, *_: object) -> None:
        raise ZeroDivisionError

    def signals(self, _pair: str) -> list[Signal]:
        raise ZeroDivisionError

    def readable(self, _pair: str) -> bool:
        return True


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("on_unreadable", "allowed"), [("block", False), ("allow", True)])
def test_a_fault_of_ours_reaches_neither_freqtrade_nor_the_strategy(
    private_redis: RedisServer,
    candles: pd.DataFrame,
    caplog: pytest.LogCaptureFixture,
    on_unreadable: str,
    *,
    allowed: bool,
) -> None:
    class Mine(Adding):
        def custom_exit(self, **_: Any) -> str:
            return "mine"

    use = ["veto", "confirm", "exit", "size"]
    strategy = live(Mine, private_redis, use=use, on_unreadable=on_unreadable, sentiment_from="aggregate")
    strategy._cryptoboy.source = Broken()
    frame = analysed(strategy, candles)
    assert list(frame["enter_long"]) == [1] * len(candles)
    assert set(frame["sentiment_status"]) == {"unreadable"}
    assert confirms(strategy) is allowed
    now, trading = datetime.now(UTC), {"pair": PAIR, "trade": trade()}
    assert (strategy.adjust_trade_position(trade=trade(), current_time=now) == 10.0) is allowed
    assert strategy.custom_exit(**trading, current_time=now, current_rate=1.0, current_profit=0.0) == "mine"
    stake = strategy.custom_stake_amount(
        pair=PAIR,
        current_time=now,
        current_rate=1.0,
        proposed_stake=100.0,
        min_stake=None,
        max_stake=1000.0,
        leverage=1.0,
        entry_tag=None,
        side="long",
    )
    assert stake == 50.0
    told = [record.getMessage() for record in caplog.records if "could not be used" in record.getMessage()]
    assert len(told) == len(set(told)) > 3


def test_the_store_of_a_bot_is_read_as_far_back_as_events_count(private_redis: RedisServer) -> None:
    strategy = live(WithNews, private_redis, stand_aside={"hack": 40})
    assert strategy._cryptoboy.source.source._window >= 1000 * timedelta(minutes=15) + timedelta(hours=40)
