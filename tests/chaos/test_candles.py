"""The streamer between an exchange and a broker that are cut, frozen, away and back, and ended in the middle of work.

One world for all of these: an exchange that replays one-second candles, a RabbitMQ, a proxy before each, one streamer.
Whatever was done to them, the queue has every closed candle, and never two different ones for one time.
CHAOS_OUTAGE_SECONDS says how long the exchange and the streamer are away; CONTRIBUTING names the command with a minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from services.common.broker.open import open_broker
from services.common.broker.topology import RAW_MARKET_DATA
from services.common.clock import SystemClock, to_ms
from services.common.messages import CandleData, MarketData, decode
from services.common.settings.settings import PROJECT_ROOT, LogFormat, Settings
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.broker.rabbitmq_management import Management
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather
from tests.support.pipeline.chaos_pipeline import Service
from tests.support.servers.servers import RabbitServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
PAIRS = ("BTC/USDT", "ETH/USDT")
SECOND_MS = 1000
RECORDED_SECONDS = 1800
OUTAGE_SECONDS = float(os.environ.get("CHAOS_OUTAGE_SECONDS", "4"))
START_SECONDS, CURRENT_SECONDS = 120.0, 30.0
BEHIND_MS = 4 * SECOND_MS
"""The newest closed candle is at most so old where all is well, on a busy machine."""


class Exchange:
    """A replay exchange that comes back as the same one, on the same port and in the same place of the recording."""

    def __init__(self, folder: Path) -> None:
        for pair in PAIRS:
            recording = series_of(rising_bars(RECORDED_SECONDS), pair=pair, base_ms=SECOND_MS)
            write_feather(recording, folder, "1s")
        start = datetime.fromtimestamp(RECORDED / 1000 + 60, UTC).isoformat()
        self._arguments = [
            *("--candles", str(folder), "--timeframe", "1s"),
            *("--start", start, "--anchor", datetime.now(UTC).isoformat()),
        ]
        self.port = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "services.replay_exchange.replay_exchange"),
                *(*self._arguments, "--port", str(self.port)),
            ],
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = json.loads(self.process.stdout.readline())["port"]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def faults(self, **faults: bool) -> None:
        address = f"http://127.0.0.1:{self.port}/replay/faults"
        httpx.post(address, json=faults, trust_env=False).raise_for_status()


class World:
    """All parts together, and the books."""

    def __init__(self, stack: ExitStack, rabbitmq: RabbitServer, vhost: str, folder: Path) -> None:
        self.server = rabbitmq.control
        self.exchange = Exchange(folder)
        stack.callback(self.exchange.kill)
        self.to_exchange = stack.enter_context(TcpProxy("127.0.0.1", self.exchange.port))
        self.to_broker = stack.enter_context(TcpProxy(rabbitmq.host, rabbitmq.port))
        direct = Settings(
            **rabbitmq.settings(vhost),
            state_dir=folder,
            health_port=0,
            log_format=LogFormat.JSON,
            trading_pairs=PAIRS,
            candle_timeframe="1s",
            market_silence=3.0,
        )
        broker = open_broker(direct, SystemClock())
        stack.callback(broker.close)
        broker.start()
        self._inbox = broker.subscribe(RAW_MARKET_DATA.name, 10_000)
        self.candles: dict[str, dict[int, list[CandleData]]] = {pair: defaultdict(list) for pair in PAIRS}
        way = ccxt_config(f"http://{self.to_exchange.host}:{self.to_exchange.port}")
        through = direct.changed(
            rabbitmq_host=self.to_broker.host, rabbitmq_port=self.to_broker.port, exchange_config=way
        )
        self.streamer = Service("market_streamer", through, folder)
        self.second = Service("market_streamer#2", through.changed(state_dir=folder / "second"), folder)
        stack.callback(self._end)
        self.streamer.start()
        self.wait_until_current(START_SECONDS)

    def _end(self) -> None:
        for streamer in (self.streamer, self.second):
            if streamer.process is not None and streamer.process.poll() is None:
                streamer.kill()

    def read(self) -> None:
        """Take in what the queue has."""
        while deliveries := self._inbox.receive(1_000, 0.0):
            for delivery in deliveries:
                candle = decode(delivery.body, MarketData)
                self.candles[candle.symbol][candle.timestamp_ms].append(candle.data)
            self._inbox.ack(deliveries)

    def newest(self) -> int:
        """When the newest candle opened that both pairs have; 0 before there is one."""
        self.read()
        return min(max(known, default=0) for known in self.candles.values())

    def wait_until_current(self, seconds: float = CURRENT_SECONDS) -> None:
        """Until the newest candle is one that has just closed, and the streamer says that it is well."""
        eventually(
            lambda: self.newest() >= to_ms(datetime.now(UTC)) - SECOND_MS - BEHIND_MS,
            lambda: f"candles are current again; {self.streamer.tail()}",
            seconds,
        )
        eventually(
            lambda: self.streamer.health()[1].get("status") == "ok",
            lambda: f"the streamer is well: {self.streamer.health()}; {self.streamer.tail()}",
            seconds,
        )

    def assert_books_are_whole(self) -> None:
        """From the first candle to the last none is missing, and each is what the exchange recorded."""
        self.read()
        for pair, known in self.candles.items():
            opened = sorted(known)
            assert {later - earlier for earlier, later in pairwise(opened)} == {SECOND_MS}, pair
            assert [open_ms for open_ms, told in known.items() if len(set(told)) > 1] == [], pair
            bars = [known[open_ms][0].open - 100 for open_ms in opened]
            assert bars == [bars[0] + number for number in range(len(bars))], pair
        assert self.streamer.tracebacks() == []

    def told_more_than_once(self) -> int:
        """How many candles came more than once."""
        self.read()
        return sum(len(told) > 1 for known in self.candles.values() for told in known.values())


@pytest.fixture(scope="module")
def world(rabbitmq: RabbitServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    vhost = f"candles-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        management = stack.enter_context(Management(rabbitmq))
        management.create_vhost(vhost)
        stack.callback(management.delete_vhost, vhost)
        yield World(stack, rabbitmq, vhost, tmp_path_factory.mktemp("candles"))


def exchange_cut_now_and_then(world: World) -> None:
    for _ in range(4):
        world.to_exchange.cut()
        time.sleep(0.5)


def exchange_frozen(world: World) -> None:
    world.to_exchange.freeze()
    time.sleep(5)
    world.to_exchange.thaw()


def exchange_away(world: World) -> None:
    world.exchange.kill()
    time.sleep(OUTAGE_SECONDS)
    world.exchange.start()


def broker_cut_now_and_then(world: World) -> None:
    for _ in range(4):
        world.to_broker.cut()
        time.sleep(0.5)


def broker_stopped(world: World) -> None:
    world.server.stop()
    eventually(lambda: world.streamer.health()[0] == 503, "the streamer says that it cannot publish")
    world.server.start()


def streamer_killed(world: World) -> None:
    world.streamer.kill()
    time.sleep(OUTAGE_SECONDS)
    world.streamer.start()


@pytest.mark.parametrize(
    "fault",
    [
        exchange_cut_now_and_then,
        exchange_frozen,
        exchange_away,
        broker_cut_now_and_then,
        broker_stopped,
        streamer_killed,
    ],
)
def test_whatever_breaks_every_closed_candle_is_there_and_only_one_kind_of_each(
    world: World, fault: Callable[[World], None]
) -> None:
    world.wait_until_current()
    fault(world)
    broken_until, told = time.monotonic(), to_ms(datetime.now(UTC))
    eventually(
        lambda: world.newest() >= told and world.streamer.health()[1].get("status") == "ok",
        lambda: f"candles come again: {world.streamer.health()}; {world.streamer.tail()}",
        CURRENT_SECONDS,
    )
    sys.stdout.write(f"{fault.__name__}: current after {time.monotonic() - broken_until:.1f} s\n")
    world.assert_books_are_whole()


def test_a_stream_that_says_nothing_is_counted_told_once_and_replaced(world: World) -> None:
    world.wait_until_current()
    told = len(world.streamer.events("stream_silent"))

    def restarts(pair: str) -> float:
        return world.streamer.metric("cryptoboy_stream_restarts_total", pair=pair, reason="silent")

    before = {pair: restarts(pair) for pair in PAIRS}
    world.exchange.faults(silent_websockets=True)
    eventually(
        lambda: all(restarts(pair) >= before[pair] + 2 for pair in PAIRS),
        lambda: f"it is counted, and tried again; {world.streamer.tail()}",
    )
    eventually(  # it is noted a moment after it is counted
        lambda: "silent, while REST has newer candles" in str(world.streamer.health()[1].get("dependencies")),
        lambda: f"/health says so: {world.streamer.health()}",
    )
    world.exchange.faults(silent_websockets=False)
    world.wait_until_current()
    assert len(world.streamer.events("stream_silent")) == told + len(PAIRS)
    world.assert_books_are_whole()


def test_two_streamers_at_once_tell_the_same_of_each_candle_and_one_goes_on_alone(world: World) -> None:
    world.wait_until_current()
    doubled = world.told_more_than_once()
    world.second.start()
    world.second.wait_ready()
    eventually(lambda: world.told_more_than_once() >= doubled + 5 * len(PAIRS), "both publish")
    world.streamer.kill()
    told = to_ms(datetime.now(UTC))
    eventually(
        lambda: world.newest() >= told + 2 * SECOND_MS,
        lambda: f"the second goes on; {world.second.tail()}",
        CURRENT_SECONDS,
    )
    world.streamer.start()
    world.wait_until_current()
    assert world.second.terminate() == 0
    world.assert_books_are_whole()
    assert world.second.tracebacks() == []


def test_a_streamer_told_to_end_under_load_leaves_nothing_half_done(world: World) -> None:
    world.wait_until_current()
    doubled = world.told_more_than_once()
    assert world.streamer.terminate() == 0
    world.streamer.start()
    world.wait_until_current()
    world.assert_books_are_whole()
    assert world.told_more_than_once() == doubled
