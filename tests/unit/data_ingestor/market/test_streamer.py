from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.common.broker.port import OutgoingMessage
from services.common.clock import ManualClock, from_ms
from services.common.errors import StopProgram, TryLater
from services.common.messages import MarketData, decode
from services.common.runtime.health import DependencyHealth
from services.common.settings.settings import Settings
from services.data_ingestor.market.candles import Row
from services.data_ingestor.market.ccxt.candles import CcxtCandles
from services.data_ingestor.market.streamer import MarketStreamer
from tests.support.broker.news_broker import MemoryBroker
from tests.support.market.market_exchange import START_MS, ScriptedExchange, row
from tests.support.waiting import eventually


class FaultyExchange(ScriptedExchange):
    """An exchange whose answers for one pair run into a fault of ours.

    Attributes:
        halted: pairs that it still does not offer, each with the reason; or what it fails with.
        looks: how often it was asked for its markets again.
    """

    halted: dict[str, str] | Exception
    looks = 0

    async def look_again(self, pairs: Sequence[str]) -> dict[str, str]:
        self.looks += 1
        if isinstance(self.halted, Exception):
            raise self.halted
        return {pair: self.halted[pair] for pair in pairs if pair in self.halted}

    async def fetch(self, pair: str, since_ms: int | None, limit: int) -> Sequence[Row]:
        if pair == "ETH/USDT":
            raise ZeroDivisionError("a fault of ours")
        return await super().fetch(pair, since_ms, limit)


class Running:
    """A streamer on a scripted exchange, in a thread."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, pairs: tuple[str, ...], left_out: dict[str, str]
    ) -> None:
        async def open_nothing(_self: CcxtCandles, _pairs: Sequence[str]) -> dict[str, str]:
            """The scripted exchange takes its place before it is used."""
            return left_out

        monkeypatch.setattr(CcxtCandles, "open", open_nothing)
        clock = ManualClock(from_ms(START_MS))
        self.broker = MemoryBroker()
        self.exchange = FaultyExchange(clock)
        self.exchange.listed = [row(-1), row(0)]
        self.stop = threading.Event()
        settings = Settings(state_dir=folder, trading_pairs=pairs)
        self.service = MarketStreamer(settings, self.broker, clock)
        self.service.start()
        self.service._source = self.exchange  # type: ignore[assignment]  # a CandleSource as well
        self._thread = ThreadPoolExecutor(1)

    def run(self) -> Any:
        return self._thread.submit(self.service.run, self.stop)

    def close(self) -> None:
        self.stop.set()
        self._thread.shutdown()
        self.service.close()


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    one = Running(tmp_path, monkeypatch, ("ETH/USDT", "BTC/USDT"), {})
    yield one
    one.close()


HALTED = "binance has ended or halted trading in it"


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """Start a streamer of these pairs, of which some are left out, on an exchange that is asked again at once."""
    monkeypatch.setattr("services.data_ingestor.market.streamer.LOOK_AGAIN_SECONDS", 0.01)
    begun: list[Running] = []

    def start(*pairs: str, halted: tuple[str, ...]) -> Running:
        begun.append(Running(tmp_path, monkeypatch, pairs, dict.fromkeys(halted, HALTED)))
        begun[0].exchange.halted = dict.fromkeys(halted, HALTED)
        return begun[0]

    yield start
    for each in begun:
        each.close()


def test_the_first_questions_to_the_exchange_are_in_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def note(_self: CcxtCandles, _pairs: Sequence[str]) -> dict[str, str]:
        asked.extend(step.what for step in service.work.grow_older(0.0))
        return {}

    monkeypatch.setattr(CcxtCandles, "open", note)
    service = MarketStreamer(Settings(state_dir=tmp_path), MemoryBroker(), ManualClock(from_ms(START_MS)))
    service.start()
    service.close()
    assert asked == ["asking the exchange for its markets"]


def test_a_fault_in_one_pair_leaves_the_others_alone(running: Running) -> None:
    done = running.run()
    eventually(lambda: bool(running.broker.stored) and running.exchange.restarts > 0)

    assert not done.done()
    assert [decode(message.body, MarketData).symbol for message in running.broker.stored] == ["BTC/USDT"]
    assert "fault of ours" in running.service.health()["stream:ETH/USDT"].detail
    assert running.service.health()["exchange"].detail == "binance: 1 of 2 pairs work"
    running.stop.set()
    done.result()


def test_a_broker_that_can_never_work_again_ends_the_service(running: Running) -> None:
    def gone(message: OutgoingMessage) -> None:
        raise StopProgram("the queue file was removed while in use")

    running.broker.refuse = gone

    with pytest.raises(StopProgram, match="removed while in use"):
        running.run().result()


def test_a_halted_pair_is_left_out_and_said_while_the_others_are_streamed_and_comes_back_by_itself(
    begin: Callable[..., Running],
) -> None:
    running = begin("SOL/USDT", "BTC/USDT", halted=("SOL/USDT",))
    done = running.run()
    eventually(lambda: bool(running.broker.stored))
    assert {decode(each.body, MarketData).symbol for each in running.broker.stored} == {"BTC/USDT"}
    health = running.service.health()
    assert health["stream:SOL/USDT"] == DependencyHealth(
        False, f"last candle none; left out: {HALTED}", False
    )
    assert (health["exchange"].ok, health["exchange"].detail) == (True, "binance: 1 of 2 pairs work")

    running.exchange.halted = TryLater("the exchange is away")
    looks = running.exchange.looks
    eventually(lambda: running.exchange.looks > looks + 1)
    assert not running.service.health()["stream:SOL/USDT"].ok

    running.exchange.halted = {}
    eventually(lambda: len(running.broker.stored) > 1)
    assert {decode(each.body, MarketData).symbol for each in running.broker.stored} == {
        "BTC/USDT",
        "SOL/USDT",
    }
    assert running.service.health()["stream:SOL/USDT"].ok
    assert not done.done()


def test_with_no_pair_on_offer_it_is_unhealthy_and_goes_on_asking(begin: Callable[..., Running]) -> None:
    running = begin("SOL/USDT", "BTC/USDTT", halted=("SOL/USDT", "BTC/USDTT"))
    done = running.run()
    eventually(lambda: running.exchange.looks > 1)
    exchange = running.service.health()["exchange"]
    assert (exchange.ok, exchange.required) == (False, True)
    assert not done.done()


def test_an_asset_is_not_streamed_and_assets_alone_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Running(tmp_path, monkeypatch, ("SOL", "BTC/USDT"), {})
    assert [name for name in both.service.health() if name.startswith("stream:")] == ["stream:BTC/USDT"]
    both.close()
    alone = Running(tmp_path, monkeypatch, ("SOL",), {})
    ended = alone.run()
    exchange = alone.service.health()["exchange"]
    assert exchange == DependencyHealth(
        ok=True, detail="not asked: TRADING_PAIRS has assets and no pair to stream"
    )
    assert not ended.done()
    alone.close()
    assert ended.result() is None
