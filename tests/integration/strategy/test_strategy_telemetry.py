"""What the strategy tells of its decisions: metrics, and the article behind each in log and trade."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import cryptoboy_sentiment as news
import httpx
import pandas as pd
import pytest
import redis
from cryptoboy_sentiment.telemetry import PrometheusTelemetry
from freqtrade.enums import RunMode
from freqtrade.persistence import Order, Trade, init_db
from prometheus_client.parser import text_string_to_metric_families

from tests.support.servers.server_control import free_ports
from tests.support.servers.servers import RedisServer
from tests.support.strategy.strategy_live import MakeStrategy, analysed, close_before_last, publish
from tests.support.strategy.strategy_samples import PAIR

pytestmark = pytest.mark.integration


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def trade() -> Iterator[Trade]:
    """A trade that a bot has just opened, in a database of its own."""
    init_db("sqlite://")
    opened = Trade(
        pair=PAIR, stake_amount=100.0, amount=1.0, open_rate=100.0, fee_open=0.0, fee_close=0.0, exchange="x"
    )
    Trade.session.add(opened)
    Trade.commit()
    yield opened
    Trade.session.remove()
    del Trade.session


def samples(port: int, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by the values of its labels; there is only one pair."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False).text
    return {
        tuple(value for label, value in sample.labels.items() if label != "pair"): float(sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"cryptoboy_strategy_{name}"
    }


def test_every_candle_is_counted_with_what_was_decided_and_known(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, port: int
) -> None:
    publish(store, -0.9, close_before_last(candles))
    analysed(make(metrics_port=port), candles)
    assert samples(port, "candles_total") == {("exit",): 1}
    assert samples(port, "sentiment_status_total") == {("fresh",): 1}
    assert samples(port, "sentiment") == {(): -0.9}
    held = samples(port, "entry_rules_held_total")
    assert ("sentiment",) not in held
    assert {rule for (rule,) in held} <= set(news.ENTRY_RULES)


def test_the_loop_says_when_it_was_and_what_it_found(
    store: redis.Redis, private_redis: RedisServer, make: MakeStrategy, port: int
) -> None:
    strategy = make(metrics_port=port)
    now = datetime(2026, 4, 2, 20, 12, tzinfo=UTC)
    strategy.bot_loop_start(current_time=now)
    assert samples(port, "last_loop_timestamp_seconds") == {(): now.timestamp()}
    assert (samples(port, "store_readable"), samples(port, "entries_paused")) == ({(): 1}, {(): 0})
    store.set("trading:entries", "paused")
    strategy.bot_loop_start(current_time=now)
    assert samples(port, "entries_paused") == {(): 1}
    store.hset(
        "trading:holds", "risk", '{"reason": "drawdown", "since": "2026-04-02T20:00:00+00:00", "until": null}'
    )
    strategy.bot_loop_start(current_time=now)
    assert samples(port, "hold") == {
        ("operator", "trading:entries is there", "", ""): 1,
        ("risk", "drawdown", "2026-04-02T20:00:00+00:00", ""): 1,
    }
    store.delete("trading:entries", "trading:holds")
    strategy.bot_loop_start(current_time=now)
    assert (samples(port, "entries_paused"), samples(port, "hold")) == ({(): 1}, {})
    private_redis.control.stop()
    try:
        strategy.bot_loop_start(current_time=now)
        assert samples(port, "store_readable") == {(): 0}
    finally:
        private_redis.control.start()


def test_entries_and_exits_are_counted_by_what_was_said_and_why(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, port: int, trade: Trade
) -> None:
    strategy = make(metrics_port=port)
    analysed(strategy, candles)
    assert strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC), entry_tag="tag")
    store.set("trading:entries", "paused")
    analysed(strategy, candles)
    assert not strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC), entry_tag="tag")
    for reason in ("stop_loss", "sentiment -0.62"):
        assert strategy.confirm_trade_exit(pair=PAIR, trade=trade, exit_reason=reason)
    assert samples(port, "entries_total") == {("allowed",): 1, ("paused",): 1}
    assert samples(port, "exits_total") == {("stop_loss",): 1, ("exit_signal",): 1}


def test_open_trades_and_closed_profit_are_those_of_the_bots_database(
    store: redis.Redis, make: MakeStrategy, port: int, trade: Trade
) -> None:
    make(metrics_port=port)
    assert samples(port, "open_trades") == {(): 1}
    assert samples(port, "closed_profit") == {(): 0}


def test_a_pair_that_nobody_scores_is_counted_and_said_once(
    store: redis.Redis, make: MakeStrategy, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    strategy = make(metrics_port=port)
    assert samples(port, "unscored_pairs") == {(): 0}, "no pairs were announced"
    store.set("sentiment_pairs", '{"ADA/USDT": null}')
    for _ in range(2):
        strategy.bot_loop_start(current_time=datetime.now(UTC))
    assert samples(port, "unscored_pairs") == {(): 1}
    assert sum(f"Nobody scores {PAIR}" in line for line in caplog.text.splitlines()) == 1
    store.set("sentiment_pairs", f'{{"{PAIR}": null}}')
    strategy.bot_loop_start(current_time=datetime.now(UTC))
    assert samples(port, "unscored_pairs") == {(): 0}


def test_a_pair_that_was_taken_out_of_the_whitelist_is_read_while_a_trade_in_it_is_open(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, trade: Trade
) -> None:
    publish(store, -0.9, close_before_last(candles))
    strategy = make()
    strategy.dp._pairlists.whitelist = ["ADA/USDT"]
    frame = analysed(strategy, candles)
    assert frame["exit_long"].iloc[-1] == 1, "bad news closes it"
    trade.is_open = False
    Trade.commit()
    strategy.bot_loop_start(current_time=datetime.now(UTC))
    assert not strategy._cryptoboy.source.readable(PAIR)


def test_a_bot_that_reloads_goes_on_with_the_same_metrics(
    store: redis.Redis, make: MakeStrategy, port: int
) -> None:
    first, second = make(metrics_port=port), make(metrics_port=port)
    assert second._cryptoboy.telemetry is first._cryptoboy.telemetry
    assert samples(port, "store_readable") == {(): 1}


def test_without_a_port_and_in_history_there_are_no_metrics(
    store: redis.Redis, make: MakeStrategy, port: int
) -> None:
    assert not isinstance(make()._cryptoboy.telemetry, PrometheusTelemetry)
    assert not isinstance(make(RunMode.BACKTEST, metrics_port=port)._cryptoboy.telemetry, PrometheusTelemetry)


def test_a_port_in_use_costs_the_metrics_and_not_the_bot(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        strategy = make(metrics_port=taken.getsockname()[1])
    assert "There are no metrics" in caplog.text
    assert len(analysed(strategy, candles)) == len(candles)


def test_without_the_client_library_the_bot_says_so_and_trades(
    store: redis.Redis,
    make: MakeStrategy,
    candles: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    strategy = make(metrics_port=free_ports(1)[0])
    assert "install the package prometheus_client" in caplog.text
    assert len(analysed(strategy, candles)) == len(candles)
    assert strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC), entry_tag="tag")


def order(trade: Trade, side: str) -> Order:
    return Order(ft_order_side=side, ft_pair=trade.pair, ft_is_open=False, ft_amount=1.0, ft_price=100.0)


def test_a_trade_and_the_log_name_the_article_that_it_came_from(
    store: redis.Redis,
    make: MakeStrategy,
    candles: pd.DataFrame,
    trade: Trade,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    publish(store, 0.9, close_before_last(candles))
    strategy = make()
    analysed(strategy, candles)
    strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC), entry_tag="sentiment 0.90")
    assert f"Entry of {PAIR} on [sentiment 0.90], trace_id=news" in caplog.text
    strategy.order_filled(pair=PAIR, trade=trade, order=order(trade, "buy"), current_time=datetime.now(UTC))
    assert trade.get_custom_data("trace_id") == "news"
    strategy.order_filled(pair=PAIR, trade=trade, order=order(trade, "sell"), current_time=datetime.now(UTC))
    strategy.confirm_trade_exit(pair=PAIR, trade=trade, exit_reason="roi")
    assert f"Exit of {PAIR} on [roi], trace_id=news, entered on trace_id=news" in caplog.text


def test_an_order_that_is_filled_candles_later_names_the_article_it_was_placed_on(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, trade: Trade
) -> None:
    publish(store, 0.9, close_before_last(candles))
    strategy = make()
    analysed(strategy, candles)
    strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC), entry_tag="sentiment 0.90")
    publish(store, 0.8, close_before_last(candles) + timedelta(seconds=30), "later")
    assert analysed(strategy, candles)["sentiment_article_id"].iloc[-1] == "later"
    strategy.order_filled(pair=PAIR, trade=trade, order=order(trade, "buy"), current_time=datetime.now(UTC))
    assert news.remembered(trade) == "news"


def test_what_a_trade_came_from_is_not_replaced_by_later_news(trade: Trade) -> None:
    news.remember(trade, "")
    assert news.remembered(trade) == ""
    news.remember(trade, "first")
    news.remember(trade, "second")
    assert news.remembered(trade) == "first"


def test_a_backtest_keeps_nothing_with_its_trades(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    strategy = make(RunMode.BACKTEST)
    trade: Any = object()  # touching it would fail
    strategy.order_filled(pair=PAIR, trade=trade, order=trade, current_time=datetime.now(UTC))
    assert strategy.confirm_trade_exit(pair=PAIR, trade=trade, exit_reason="roi")
