"""The strategy as Freqtrade loads it, with a real store: urgent news closes a trade in the loop that reads it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import redis

from tests.support.servers.servers import RedisServer
from tests.support.strategy.strategy_live import MakeStrategy, analysed
from tests.support.strategy.strategy_samples import PAIR, message, milliseconds, signal

pytestmark = pytest.mark.integration

SECOND = timedelta(seconds=1)


@pytest.fixture
def strategy(make: MakeStrategy, candles: pd.DataFrame) -> Any:
    made = make(exit_on=["hack"])
    made.sell_on_urgent_news.value = True
    analysed(made, candles)
    return made


def publish(store: redis.Redis, article: str = "bad", **fields: Any) -> None:
    """Store bad news that was published an hour ago and is available since a moment ago."""
    now = datetime.now(UTC)
    one = signal(article, **({"score": -0.9, "confidence": 0.9} | fields))
    one = one._replace(published=now - timedelta(hours=1), available_at=now - SECOND)
    store.zadd(f"sentiment_signals:{PAIR}", {message(one): milliseconds(one.available_at)})


def trade(hours: float = 2) -> Any:
    """A trade that was opened so many hours ago."""
    opened = datetime.now(UTC) - timedelta(hours=hours)
    return SimpleNamespace(open_date_utc=opened, is_short=False, get_custom_data=lambda _: "good")


def exit_reason(strategy: Any) -> str | None:
    """What a loop of the bot answers about a trade."""
    now = datetime.now(UTC)
    strategy.bot_loop_start(current_time=now)
    reason: str | None = strategy.custom_exit(pair=PAIR, trade=trade(), current_time=now)
    return reason


def test_news_closes_a_trade_in_the_loop_that_reads_it(
    store: redis.Redis, strategy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert exit_reason(strategy) is None
    publish(store)
    reason = exit_reason(strategy)
    assert reason == "news -0.90"
    caplog.set_level(logging.INFO)
    assert strategy.confirm_trade_exit(pair=PAIR, trade=trade(), exit_reason=reason)
    assert f"Exit of {PAIR} on [news -0.90], trace_id=bad, entered on trace_id=good" in caplog.text


def test_without_the_parameter_no_news_closes_a_trade_within_a_candle(
    store: redis.Redis, make: MakeStrategy
) -> None:
    publish(store)
    assert exit_reason(make()) is None


def test_where_no_exit_is_by_sentiment_news_closes_nothing(store: redis.Redis, strategy: Any) -> None:
    publish(store)
    strategy.exit_rules = ("macd_cross_down",)
    assert exit_reason(strategy) is None


def test_a_store_that_cannot_be_read_forces_nothing(
    store: redis.Redis, private_redis: RedisServer, strategy: Any
) -> None:
    publish(store)
    assert exit_reason(strategy) is not None
    private_redis.control.stop()
    try:
        assert exit_reason(strategy) is None
    finally:
        private_redis.control.start()


def test_kinds_of_the_configuration_close_a_trade_at_once(store: redis.Redis, strategy: Any) -> None:
    publish(store, "listing", score=-0.2, confidence=0.0, event_type="listing")
    assert exit_reason(strategy) is None
    publish(store, "hack", score=-0.2, confidence=0.0, event_type="hack")
    assert exit_reason(strategy) == "news hack -0.20"


def test_an_entry_that_the_next_loop_would_close_is_refused(
    store: redis.Redis, strategy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    closed = now - (now - datetime(2026, 1, 1, tzinfo=UTC)) % timedelta(minutes=15)
    bad = signal("bad", score=-0.9)._replace(published=closed, available_at=closed)  # no candle knows it
    store.zadd(f"sentiment_signals:{PAIR}", {message(bad): milliseconds(closed)})
    strategy.bot_loop_start(current_time=now)
    caplog.set_level(logging.INFO)
    assert not strategy.confirm_trade_entry(pair=PAIR, current_time=now, entry_tag="tag")
    assert f"Entry of {PAIR} refused: [news -0.90], trace_id=bad" in caplog.text
    after = now + timedelta(minutes=15)  # the entry is decided on a candle that knows it
    assert strategy.confirm_trade_entry(pair=PAIR, current_time=after, entry_tag="tag")


def test_a_strategy_that_freqtrade_never_asks_for_an_exit_does_not_start(strategy: Any) -> None:
    strategy.use_exit_signal = False  # as the configuration sets it
    with pytest.raises(ValueError, match="sell_on_urgent_news is true, but use_exit_signal is false"):
        strategy.bot_start()
