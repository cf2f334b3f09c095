"""The case that measures how long an article takes from the publisher to 200 clients of the API's stream."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack

from websockets.asyncio.client import ClientConnection, connect

from devtools.bench.lab import Lab
from devtools.bench.processes import started_service
from devtools.bench.results import Rows, at_most, compare, percentile
from devtools.bench.samples import article
from devtools.servers.control import LOOPBACK, free_ports
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import NEWS_ARTICLE
from services.common.clock import SystemClock

ARTICLES = 200
PER_SECOND = 20
CLIENTS = 200
PROMISED_MS = 100.0
ARRIVE_SECONDS = 30.0


def stream(lab: Lab) -> Rows:
    """Milliseconds from the publisher's call until each of 200 clients has the article: the p99 of each run."""
    with ExitStack() as stack:
        measure = _system(lab, stack)
        p99 = [percentile(measure(), 99) for _ in lab.runs()]
    note = f"the promise; {CLIENTS} clients, {PER_SECOND} articles/s"
    yield compare("stream.p99", "ms", p99, [PROMISED_MS] * len(p99), at_most(1), note=note)


def _system(lab: Lab, stack: ExitStack) -> Callable[[], list[float]]:
    """Start the recorder and the API as processes; returns a function that measures one run through them."""
    settings, clock, port = lab.settings(), SystemClock(), free_ports(1)[0]
    stack.enter_context(started_service(lab, "services.history_recorder.history_recorder", settings))
    stack.enter_context(started_service(lab, "services.api.api", settings, port))
    broker = RabbitMqBroker(settings, clock)
    stack.callback(broker.close)
    broker.start()
    numbers = itertools.count()

    def send(sent: dict[str, float]) -> None:
        news = article(next(numbers), clock.now())
        sent[news.article_id] = time.perf_counter()
        broker.publish([OutgoingMessage(NEWS_ARTICLE, news.encode(), news.article_id)])

    address = f"ws://{LOOPBACK}:{port}/v1/stream?kind=article"
    return lambda: asyncio.run(_run(address, send, lab.amount(ARTICLES)))


async def _run(address: str, send: Callable[[dict[str, float]], None], articles: int) -> list[float]:
    """The latencies of all articles at all clients, in milliseconds."""
    sent: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connect(address, proxy=None, compression=None))
            for _ in range(CLIENTS)
        ]
        reading = [asyncio.create_task(_read(client, sent, articles)) for client in clients]
        for _ in range(articles):
            begun = time.perf_counter()
            await asyncio.to_thread(send, sent)
            await asyncio.sleep(max(0.0, 1 / PER_SECOND - (time.perf_counter() - begun)))
        async with asyncio.timeout(ARRIVE_SECONDS):
            found = await asyncio.gather(*reading)
    return [latency for each in found for latency in each]


async def _read(client: ClientConnection, sent: dict[str, float], articles: int) -> list[float]:
    latencies: list[float] = []
    async for text in client:
        message = json.loads(text)
        if message["kind"] == "article":
            latencies.append((time.perf_counter() - sent[message["key"]]) * 1000)
            if len(latencies) == articles:
                break
    return latencies
