"""Recorder and API stay well below the memory of their containers while they have much to do.

Leaves production as it was, with more candles in its history.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from services.common.broker.open import open_broker
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import MARKET_CANDLE
from services.common.clock import SystemClock
from services.common.messages import CandleData, MarketData
from services.common.settings.settings import BrokerKind, Settings
from tests.support.containers.api import ask, make_key, told
from tests.support.containers.servers import address_of
from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

CANDLES = 20_000
AT_ONCE = 500
ASKED_AT_ONCE, TIMES = 12, 3
MOST_AT_WORK = 0.8
"""Of the limit, as the alert MemoryHigh."""
OK, BUSY = 200, 503
OPENED = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=CANDLES)
EXPENSIVE = (
    "/v1/candles?pair=XRP/USDT&timeframe=1m&limit=1000",
    "/v1/articles?limit=200",
    "/v1/signals?limit=200",
    "/v1/export",
    "/v1/performance?pair=BTC/USDT",
    "/v1/sources?days=30",
    "/",
    "/news",
    "/scores",
)


@pytest.fixture(scope="module")
def key(production: Stack) -> str:
    """A key that may read."""
    return make_key(production, "memory")


@pytest.fixture(scope="module")
def recorded(production: Stack, key: str) -> Iterator[Stack]:
    """Production, which has recorded two weeks of candles at once; at the end neither was started again."""
    before = starts(production)
    settings = Settings(
        broker=BrokerKind.RABBITMQ,
        rabbitmq_host=address_of(production, "rabbitmq"),
        rabbitmq_user="market_streamer",
        rabbitmq_pass=SecretStr(production.secret("rabbitmq_market_streamer")),
        rabbitmq_declare=False,
    )
    with closing(open_broker(settings, SystemClock())) as broker:
        broker.start()
        for first in range(0, CANDLES, AT_ONCE):
            broker.publish(list(candles(first, first + AT_ONCE)))
    last = (OPENED + timedelta(minutes=CANDLES - 1)).isoformat().replace("+", "%2B")
    path = f"/v1/candles?pair=XRP/USDT&timeframe=1m&since={last}&limit=1"
    eventually(lambda: (told(path, key) or {}).get("rows"), "the last candle in the history", look=1)
    yield production
    assert starts(production) == before


def starts(stack: Stack) -> dict[str, str]:
    running = stack.running()
    return {name: running[name]["State"]["StartedAt"] for name in ("history-recorder", "api")}


def candles(first: int, end: int) -> Iterator[OutgoingMessage]:
    for number in range(first, end):
        opened = OPENED + timedelta(minutes=number)
        candle = MarketData(
            source="binance",
            symbol="XRP/USDT",
            timeframe="1m",
            timestamp=opened,
            timestamp_ms=int(opened.timestamp() * 1000),
            data=CandleData(open=1, high=1, low=1, close=1, volume=number),
            collected_at=opened + timedelta(minutes=1),
        )
        yield OutgoingMessage(MARKET_CANDLE, candle.model_dump_json().encode(), f"memory-{number}")


def most_used(stack: Stack, container: str) -> int:
    """The most bytes that each process of a container ever had, added up."""
    peaks = stack.exec(container, "sh", "-c", "cat /proc/[0-9]*/status", check=False)
    return sum(int(kibibytes) * 1024 for kibibytes in re.findall(r"^VmHWM:\s*(\d+) kB", peaks, re.MULTILINE))


def share_used(stack: Stack, service: str) -> float:
    container = stack.running()[service]
    limit = int(container["HostConfig"]["Memory"])
    return most_used(stack, container["Name"].lstrip("/")) / limit


def test_the_recorder_writes_a_long_queue_within_its_memory(recorded: Stack) -> None:
    assert 0.1 < share_used(recorded, "history-recorder") < MOST_AT_WORK


def test_the_api_answers_many_at_once_within_its_memory(recorded: Stack, key: str) -> None:
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        answers = list(pool.map(lambda path: ask(path, key), EXPENSIVE * TIMES))
    assert {answer.status_code for answer in answers} <= {OK, BUSY}
    assert 0.1 < share_used(recorded, "api") < MOST_AT_WORK
