"""What the streamer says at its start about settings and an exchange that do not fit."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from services.common.broker.open import open_broker
from services.common.clock import SystemClock
from services.common.errors import StopProgram, TryLater
from services.common.runtime.runner import start_with_backoff
from services.data_ingestor.market.streamer import MarketStreamer
from services.data_ingestor.market_streamer import build
from tests.support.market.market_bench import settings_for
from tests.support.market.replay_bench import Bench, bench


def starting(
    folder: Path, scenario: Callable[[Bench, MarketStreamer], Awaitable[None]], **changes: Any
) -> None:
    """Play a scenario with a streamer that has not started, and close it."""

    async def run() -> None:
        async with bench(folder) as exchange:
            settings = settings_for(folder, exchange.exchange.base_url, **changes)
            service = MarketStreamer(settings, open_broker(settings, exchange.clock), exchange.clock)
            try:
                await scenario(exchange, service)
            finally:
                await asyncio.to_thread(service.close)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exchange": "binanse"}, r"EXCHANGE=binanse: .*did you mean.*binance"),
        ({"exchange": "blockchaincom"}, r"EXCHANGE=blockchaincom: it offers no candles over REST"),
        ({"exchange_config": {"options": 7}}, r"EXCHANGE_CONFIG cannot be used for binance"),
        ({"candle_timeframe": "7m"}, r"CANDLE_TIMEFRAME=7m: binance has candles of 1s, 1m, "),
    ],
)
def test_a_setting_that_does_not_fit_the_exchange_stops_the_start_and_is_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    async def scenario(_exchange: Bench, service: MarketStreamer) -> None:
        with pytest.raises(StopProgram, match=f"(?i){message}"):
            await asyncio.to_thread(service.start)
        health = service.health()
        assert not health["exchange"].ok
        assert health["exchange"].required

    starting(tmp_path, scenario, **changes)


def test_a_pair_that_the_exchange_never_had_is_left_out_and_named_with_the_nearest(tmp_path: Path) -> None:
    async def scenario(_exchange: Bench, service: MarketStreamer) -> None:
        await asyncio.to_thread(service.start)
        health = service.health()
        assert health["exchange"].ok
        assert (
            "left out: binance has no such market; did you mean BTC/USDT?" in health["stream:BTC/EUR"].detail
        )

    starting(tmp_path, scenario, trading_pairs=("BTC/USDT", "BTC/EUR"))


def test_an_exchange_that_fails_is_tried_again_until_it_answers(tmp_path: Path) -> None:
    async def scenario(exchange: Bench, service: MarketStreamer) -> None:
        exchange.exchange.faults.switch(rest_errors=[{"status": 503, "times": 2}])
        with pytest.raises(TryLater, match="asked binance for the time"):
            await asyncio.to_thread(service.start)
        assert await asyncio.to_thread(
            start_with_backoff, service.start, threading.Event(), "market_streamer"
        )
        assert service.health()["exchange"].detail == "binance: 2 of 2 pairs work"

    starting(tmp_path, scenario)


def test_an_exchange_that_cannot_be_reached_is_tried_later(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings = settings_for(tmp_path, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        service = build(settings, SystemClock())
        try:
            with pytest.raises(TryLater, match="asked binance for the time"):
                service.start()
        finally:
            service.close()
