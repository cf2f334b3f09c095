from __future__ import annotations

import asyncio
from pathlib import Path

from prometheus_client import Counter

from services.common.errors import NeverWorks, TryLater
from services.common.runtime.metrics import STREAM_RESTARTS
from services.data_ingestor.market.candles import Row
from tests.support.market.market_exchange import PAIR, Stage, play, row, settle
from tests.support.waiting import until


def counted(metric: Counter, *labels: str) -> float:
    return float(metric.labels(PAIR, *labels)._value.get())


def restarts(reason: str) -> float:
    return counted(STREAM_RESTARTS, reason)


def test_a_stream_that_repeats_the_same_candle_is_restarted(tmp_path: Path) -> None:
    stage = Stage(tmp_path, silence=0.3)
    stage.exchange.listed = [row(-1), row(0)]
    before = restarts("silent")

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        await stage.follow(0)
        stage.exchange.listed.append(row(1))
        restarted = stage.exchange.restarts  # on a busy machine before the first word already
        while stage.exchange.restarts == restarted:
            stage.exchange.tell(row(0))
            await until(lambda: stage.exchange._told.empty() or stage.exchange.restarts > restarted)
        assert not stage.status.health().ok
        await stage.follow(2)
        await until(lambda: stage.status.health().ok)

    play(stage, scenario)
    assert restarts("silent") - before >= 1


def test_what_a_stream_told_before_it_froze_is_not_taken_for_the_end_of_a_candle(tmp_path: Path) -> None:
    stage = Stage(tmp_path, silence=0.3)
    stage.exchange.listed = [row(-1), row(0)]

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        await stage.follow(0)
        await stage.follow(1)
        stage.exchange.listed[-1] = row(1, 105, 3.0)
        restarted = stage.exchange.restarts  # on a busy machine before the first word already
        await until(lambda: stage.exchange.restarts > restarted)
        await stage.follow(2)
        await until(lambda: stage.steps == [-1, 0, 1])

    play(stage, scenario)
    assert (stage.candles[-1].data.close, stage.candles[-1].source) == (105, "binance_rest")


def test_a_stream_that_answers_at_once_with_the_same_does_not_occupy_the_program(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]
    answers = 0

    async def answer_at_once(pair: str) -> list[Row]:
        nonlocal answers
        answers += 1
        return [row(0)]

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        await asyncio.sleep(0.5)

    stage.exchange.watch = answer_at_once  # type: ignore[method-assign]  # the fault that is tested
    play(stage, scenario)
    assert 0 < answers < 100


def test_a_quiet_market_is_not_taken_for_a_dead_stream(tmp_path: Path) -> None:
    stage = Stage(tmp_path, silence=0.2)
    stage.exchange.listed = [row(-1), row(0)]
    stage.exchange.tell(row(0))  # heard before the silence begins, however busy the machine

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        looks = len(stage.exchange.asked)
        await until(lambda: len(stage.exchange.asked) >= looks + 2)

    play(stage, scenario)
    assert stage.exchange.restarts == 0
    assert stage.status.health().ok


def test_a_candle_is_published_though_its_stream_has_died_with_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        stage.exchange.tell(row(0))
        stage.at(1, 15)
        await until(lambda: stage.steps == [-1, 0])

    play(stage, scenario)


def test_an_exchange_without_a_candle_stream_is_polled(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.streams = False
    stage.exchange.listed = [row(-1), row(0)]

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        stage.exchange.listed.append(row(1))
        stage.at(1, 3)
        await until(lambda: stage.steps == [-1, 0])

    play(stage, scenario)


def test_a_lost_stream_is_reported_and_found_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]
    before = restarts("disconnected")

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        await stage.follow(0)
        await stage.follow(1)
        stage.exchange.refusing = TryLater("connection reset")
        stage.exchange.tell()
        await until(lambda: "connection reset" in stage.status.health().detail)
        stage.exchange.refusing = None
        await stage.follow(2)
        await until(lambda: stage.status.health().ok)
        await until(lambda: stage.steps == [-1, 0, 1])

    play(stage, scenario)
    assert stage.candles[-1].source == "binance_rest", "the stream was not there to its end"
    assert restarts("disconnected") - before == 1


def test_a_refused_pair_is_reported_and_not_asked_for_in_a_hurry(tmp_path: Path) -> None:
    stage = Stage(tmp_path, silence=0.2)
    stage.exchange.refusing = NeverWorks("binance does not have market symbol BTC/USDT")
    stage.exchange.failing = NeverWorks("binance does not have market symbol BTC/USDT")

    async def scenario() -> None:
        await until(lambda: "does not have market symbol" in stage.status.health().detail)
        asked = len(stage.exchange.asked)
        await settle()
        assert len(stage.exchange.asked) == asked

    play(stage, scenario)
    assert not stage.status.health().ok
    assert not stage.status.health().required
    assert stage.exchange.restarts == 1


def test_rest_that_fails_is_asked_again_and_delays_only_what_needs_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.exchange.listed = [row(-1), row(0)]

    async def scenario() -> None:
        await until(lambda: stage.steps == [-1])
        await stage.follow(0)
        await stage.follow(1)
        await until(lambda: stage.steps == [-1, 0])
        stage.exchange.failing = TryLater("503")
        await stage.follow(2)
        await until(lambda: stage.steps == [-1, 0, 1])

        stage.exchange.listed.append(row(3))
        stage.at(4)
        stage.exchange.tell(row(4))
        await until(lambda: "503" in stage.status.health().detail)
        stage.exchange.listed.append(row(4))
        stage.exchange.failing = None
        await until(lambda: stage.steps == [-1, 0, 1, 2, 3])

    play(stage, scenario)
