"""ccxt.pro, the replay exchange and the embedded broker: what arrives in the queue."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter

from services.common.runtime.metrics import CANDLES_SKIPPED, STREAM_RESTARTS
from services.replay_exchange import exchange_info
from services.replay_exchange.market import Market
from tests.support.market.market_bench import MarketBench, play, streaming
from tests.support.market.replay_bench import NOW, bench
from tests.support.waiting import until

PAIR = "BTC/USDT"


def counted(metric: Counter, *labels: str) -> float:
    return float(metric.labels(*labels)._value.get())


def test_each_closed_candle_of_each_pair_arrives_once_and_in_order(tmp_path: Path) -> None:
    async def scenario(one: MarketBench) -> None:
        await one.minutes_pass(4)
        await until(lambda: one.bars("ETH/USDT") == [19, 20, 21, 22, 23])
        assert one.bars() == [19, 20, 21, 22, 23]
        sources = [candle.source for candle in one.candles()]
        assert sources[:2] == ["binance_rest"] * 2, "before the start, and when the stream began"
        assert sources[3:] == ["binance_websocket"] * 2
        assert one.streams() == ["btcusdt@kline_1m", "ethusdt@kline_1m"]
        # What is published is noted after it is in the queue.
        last = "last candle 2026-11-21T12:03:00+00:00"
        await until(lambda: last in one.health()["stream:BTC/USDT"].detail)
        health = one.health()
        assert all(part.ok for part in health.values())
        assert list(health) == ["broker", "exchange", "stream:BTC/USDT", "stream:ETH/USDT"]

    play(tmp_path, scenario)


def test_a_gap_behind_a_dropped_websocket_is_filled_before_newer_candles(tmp_path: Path) -> None:
    before = counted(STREAM_RESTARTS, PAIR, "disconnected")

    async def scenario(one: MarketBench) -> None:
        await one.minutes_pass(2)
        one.faults.switch(refuse_websockets=True, rest_errors=[{"status": 503}])
        one.bench.exchange.drop_websockets()
        await until(lambda: not one.health()["exchange"].ok)
        one.bench.clock.advance(7 * 60)
        one.faults.clear()
        await until(lambda: one.bars()[-1] == 28)
        await until(lambda: one.bars("ETH/USDT")[-1] == 28)
        await until(lambda: len(one.streams()) == 2)
        await one.minutes_pass(2)
        assert one.bars() == list(range(19, 31))
        assert one.bars("ETH/USDT")[:10] == list(range(19, 29))
        # The exchange has a subscription before the streamer has heard anything of it.
        await until(lambda: all(part.ok for part in one.health().values()))

    play(tmp_path, scenario)
    assert counted(STREAM_RESTARTS, PAIR, "disconnected") - before == 1


def test_candles_that_the_websocket_leaves_out_are_fetched(tmp_path: Path) -> None:
    async def scenario(one: MarketBench) -> None:
        hidden = {"start": NOW + timedelta(minutes=2), "end": NOW + timedelta(minutes=4)}
        one.faults.switch(missing_candles=[{**hidden, "symbol": "BTCUSDT", "channel": "websocket"}])
        one.bench.clock.advance(60)
        await until(lambda: one.bars()[-1] == 20)
        one.bench.clock.advance(4 * 60)
        await until(lambda: one.bars()[-1] == 24)
        assert one.bars() == [19, 20, 21, 22, 23, 24]

    play(tmp_path, scenario)


def test_candles_that_the_exchange_does_not_have_are_passed_over_and_counted(tmp_path: Path) -> None:
    before = counted(CANDLES_SKIPPED, PAIR, "missing")

    async def scenario(one: MarketBench) -> None:
        hidden = {"start": NOW + timedelta(minutes=2), "end": NOW + timedelta(minutes=4)}
        one.faults.switch(missing_candles=[{**hidden, "symbol": "BTCUSDT"}])
        one.bench.clock.advance(6 * 60)
        await until(lambda: one.bars()[-1] == 25)
        assert one.bars() == [19, 20, 21, 24, 25]
        await until(lambda: one.bars("ETH/USDT") == list(range(19, 26)))
        # What is published is counted after it is in the queue, and not at all if the streamer is stopped before.
        await until(lambda: counted(CANDLES_SKIPPED, PAIR, "missing") >= before + 2)

    play(tmp_path, scenario)
    assert counted(CANDLES_SKIPPED, PAIR, "missing") - before == 2


def test_a_silent_websocket_is_replaced_and_costs_no_candle(tmp_path: Path) -> None:
    # A second without news happens on a busy machine too: then a stream that is well is doubted, and may be replaced.
    async def scenario(one: MarketBench) -> None:
        await one.minutes_pass(2)
        await until(lambda: len(one.streams()) == 2)
        first = one.bench.exchange.status()["websockets"]
        before = counted(STREAM_RESTARTS, PAIR, "silent")
        one.faults.switch(silent_websockets=True)
        one.bench.clock.advance(3 * 60)
        await until(lambda: one.bars()[-1] == 23)
        await until(lambda: counted(STREAM_RESTARTS, PAIR, "silent") > before)
        await until(lambda: not one.health()["stream:BTC/USDT"].ok)
        one.faults.clear()
        await until(lambda: all(part.ok for part in one.health().values()))
        await one.minutes_pass(2)
        while one.candles()[-1].source != "binance_websocket":  # until the recording ends, when no more come
            await one.minutes_pass(1)
        assert one.bars() == list(range(19, one.forming()))
        await until(lambda: len(one.bench.exchange.status()["websockets"]) == 2)
        opened = [socket["opened"] for socket in one.bench.exchange.status()["websockets"]]
        assert len(opened) == 2
        assert min(opened) > max(socket["opened"] for socket in first)

    play(tmp_path, scenario, market_silence=1.0)


def test_errors_of_rest_delay_what_needs_it_and_nothing_else(tmp_path: Path) -> None:
    async def scenario(one: MarketBench) -> None:
        await one.minutes_pass(2)
        one.faults.switch(rest_errors=[{"status": 502, "path": "/api/v3/klines"}])
        await one.minutes_pass(2)
        one.bench.exchange.drop_websockets()
        one.bench.clock.advance(2 * 60)
        await until(lambda: "Internal error" in one.health()["stream:BTC/USDT"].detail)
        assert one.bars() == [19, 20, 21, 22, 23]
        one.faults.clear()
        await until(lambda: one.bars() == list(range(19, 26)))

    play(tmp_path, scenario)


def test_a_restart_goes_on_where_the_last_run_ended(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path) as exchange:
            async with streaming(exchange, tmp_path) as one:
                await until(lambda: one.bars() == [19])
                await one.minutes_pass(2)
            exchange.clock.advance(5 * 60)
            async with streaming(exchange, tmp_path) as one:
                await until(lambda: one.bars() == [22, 23, 24, 25, 26])
                await one.minutes_pass(1)
                assert one.bars() == [22, 23, 24, 25, 26, 27]

    asyncio.run(run())


def test_a_pair_that_is_halted_at_the_start_is_left_out_and_streamed_once_it_trades_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = {"ETHUSDT"}
    symbol_info = exchange_info.symbol_info

    def with_halts(market: Market) -> dict[str, Any]:
        return symbol_info(market) | ({"status": "BREAK"} if market.symbol in halted else {})

    monkeypatch.setattr(exchange_info, "symbol_info", with_halts)
    monkeypatch.setattr("services.data_ingestor.market.streamer.LOOK_AGAIN_SECONDS", 0.05)

    async def run() -> None:
        async with bench(tmp_path) as exchange, streaming(exchange, tmp_path) as one:
            await until(lambda: one.bars() == [19] and one.streams() == ["btcusdt@kline_1m"])
            await one.minutes_pass(2)
            assert "ended or halted" in one.health()["stream:ETH/USDT"].detail
            assert one.health()["exchange"].ok
            halted.clear()
            await until(lambda: one.bars("ETH/USDT")[-1:] == [21])
            await until(lambda: all(part.ok for part in one.health().values()))

    asyncio.run(run())
