from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import Counter

from services.common.clock import from_ms
from services.common.runtime.metrics import CANDLES_BACKFILLED, CANDLES_PUBLISHED, CANDLES_SKIPPED
from services.data_ingestor.market import gap_filler as market_filler
from services.data_ingestor.market.last_published import CandleMemory
from tests.support.broker.news_broker import away
from tests.support.market.market_exchange import PAIR, Stage, open_ms, play, row, settle
from tests.support.waiting import until


def counted(metric: Counter, *labels: str) -> float:
    return float(metric.labels(PAIR, *labels)._value.get())


def skipped(reason: str) -> float:
    return counted(CANDLES_SKIPPED, reason)


def test_a_closed_candle_goes_out_with_the_specified_fields(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]
    before = counted(CANDLES_PUBLISHED), counted(CANDLES_BACKFILLED)

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        await stage.follow(0)
        await stage.follow(1, 101)
        stage.at(2, 0.001)
        stage.exchange.tell(row(2))
        await until(lambda: stage.status.last_candle_ms == open_ms(1))

    play(stage, scenario)
    first, _, last = stage.candles
    assert stage.steps == [-1, 0, 1]
    assert first.source == "binance_rest"
    assert last.model_dump(mode="json") == {
        "type": "market_data",
        "source": "binance_websocket",
        "symbol": "BTC/USDT",
        "timeframe": "1m",
        "timestamp": "2026-11-21T12:01:00+00:00",
        "timestamp_ms": open_ms(1),
        "data": {"open": 101.0, "high": 101.0, "low": 101.0, "close": 101.0, "volume": 1.0},
        "collected_at": "2026-11-21T12:02:00.001000+00:00",
    }
    message = stage.broker.stored[-1]
    assert (message.routing_key, message.message_id) == ("market.candle", f"binance:BTC/USDT:1m:{open_ms(1)}")
    assert (counted(CANDLES_PUBLISHED) - before[0], counted(CANDLES_BACKFILLED) - before[1]) == (3, 2)


def test_candles_wait_for_the_broker_and_go_out_in_order(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        stage.broker.refuse = away
        for step in range(4):
            await stage.follow(step, 100 + step)
        attempts = stage.broker.attempts
        await until(lambda: stage.broker.attempts > attempts)
        assert stage.memory.last(PAIR) == open_ms(-1)
        stage.broker.refuse = lambda _: None
        await until(lambda: stage.status.last_candle_ms == open_ms(2))
        assert stage.memory.last(PAIR) == open_ms(2)

    play(stage, scenario)
    assert stage.steps == [-1, 0, 1, 2]
    assert [candle.data.close for candle in stage.candles] == [100, 100, 101, 102]


def test_a_candle_that_waits_says_when_it_closed_and_not_when_it_was_sent(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]

    async def scenario() -> None:
        await until(lambda: stage.status.last_candle_ms == open_ms(-1))
        stage.stream._refused.failed(3600)
        await stage.follow(0)
        stage.at(1)
        stage.exchange.listed.append(row(1))
        stage.exchange.tell(row(1))
        await until(lambda: open_ms(0) in stage.publisher._made.get(PAIR, {}))
        stage.at(1, 9)
        stage.stream._refused.succeeded()
        await until(lambda: stage.steps == [-1, 0])

    play(stage, scenario)
    assert stage.candles[-1].collected_at == from_ms(open_ms(1))


def test_a_restart_fills_the_gap_since_the_last_published_candle(tmp_path: Path) -> None:
    CandleMemory(tmp_path, "binance", "1m").remember(PAIR, open_ms(-7))
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(step) for step in range(-10, 1)]

    async def scenario() -> None:
        await until(lambda: len(stage.steps) == 6)
        await settle()

    play(stage, scenario)
    assert stage.steps == [-6, -5, -4, -3, -2, -1]
    assert {candle.source for candle in stage.candles} == {"binance_rest"}


def test_what_lies_out_of_reach_is_given_up_and_counted(tmp_path: Path) -> None:
    CandleMemory(tmp_path, "binance", "1m").remember(PAIR, open_ms(-1_100))
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(step) for step in range(-1_100, 1)]
    before = skipped("out_of_reach")

    async def scenario() -> None:
        await until(lambda: stage.status.last_candle_ms == open_ms(-1))

    play(stage, scenario)
    assert stage.steps == list(range(-999, 0))
    assert skipped("out_of_reach") - before == 100


def test_candles_that_the_exchange_never_had_are_passed_over_once(tmp_path: Path) -> None:
    CandleMemory(tmp_path, "binance", "1m").remember(PAIR, open_ms(-7))
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(step) for step in (-7, -6, -2, -1, 0)]
    before = skipped("missing")

    async def scenario() -> None:
        await until(lambda: stage.status.last_candle_ms == open_ms(-1))
        asked = len(stage.exchange.asked)
        await stage.follow(0)
        assert len(stage.exchange.asked) == asked

    play(stage, scenario)
    assert stage.steps == [-6, -2, -1]
    assert skipped("missing") - before == 3


def test_a_candle_that_rest_never_lists_does_not_hold_up_the_next_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_filler, "ATTEMPTS", 2)
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        stage.exchange.listed = [row(-1)]  # as a copy of the exchange that is stuck
        for step in range(3):
            await stage.follow(step, listed=False)
        await until(lambda: stage.steps == [-1, 1])

    play(stage, scenario)
    assert stage.candles[-1].source == "binance_websocket"


@pytest.mark.parametrize(
    "broken",
    [
        (open_ms(1), 100.0, 90.0, 100.0, 100.0, 1.0),
        (open_ms(1), 0.0, 0.0, 0.0, 0.0, 0.0),
        (open_ms(1), float("nan"), 1.0, 1.0, 1.0, 1.0),
    ],
)
def test_an_impossible_candle_is_never_published_and_counted_once(
    tmp_path: Path, broken: tuple[float, ...]
) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]
    before = skipped("invalid"), skipped("missing")

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        await stage.follow(0)
        stage.at(1, 30)
        stage.exchange.listed.append(broken)
        stage.exchange.tell(broken)
        await settle()
        await stage.follow(2)
        await stage.follow(3)
        await until(lambda: stage.status.last_candle_ms == open_ms(2))

    play(stage, scenario)
    assert stage.steps == [-1, 0, 2]
    assert (skipped("invalid") - before[0], skipped("missing") - before[1]) == (1, 0)
