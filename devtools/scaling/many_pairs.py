"""Measures what a thousand pairs cost Redis, the cacher, the processor's stories and the bot.

These figures for docs/scaling.md have no baselines, so they are not among the cases of `bench`. Times are processor
time of this process and of Redis, each of which works on one core at a time; other programs on the machine
hardly change these times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cryptoboy_sentiment import (
    Periods,
    RedisSignals,
    Rules,
    aggregate_as_of,
    arrivals,
    as_of,
    connect,
    decode_member,
    entry_conditions,
    exit_conditions,
    signals_frame,
    technical_indicators,
)
from cryptoboy_sentiment import Settings as StrategySettings

from devtools.bench.samples import signals
from devtools.bench.servers import bare_redis
from devtools.scaling.figures import Figure, Report, median, milliseconds
from devtools.scaling.many_stories import many_stories
from devtools.servers.control import RedisServer
from services.common.errors import TryLater
from services.common.settings.settings import Settings
from services.common.store.redis.store import RedisStore

BATCH = 100
"""The number of signals that the cacher writes in one batch."""
LISTED = 100
"""The number of a pair's signals that are stored in its list as well as in its sorted set."""
CANDLES = 1_000
CANDLE = timedelta(minutes=15)
WINDOW = timedelta(days=2)
REPEAT = 5
TIMEOUT_SECONDS = 60.0


class _Store:
    """The sentiment store, with measurements of the memory and the processor time that it uses."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.client = bare_redis(server)
        self.store = RedisStore(
            Settings(
                redis_host=server.host,
                redis_port=server.port,
                redis_password=server.password,
                redis_timeout=TIMEOUT_SECONDS,
            )
        )

    def close(self) -> None:
        self.store.close()
        self.client.close()

    def memory(self) -> int:
        """The memory that the data uses, in bytes."""
        return int(self.client.info("memory")["used_memory"])

    def spent(self, call: Callable[[], object]) -> tuple[float, float]:
        """Milliseconds of processor time that a call takes in this process, and in Redis."""
        before = self._redis_time()
        mine = milliseconds(call)
        return mine, self._redis_time() - before

    def write(self, pairs: Sequence[str], each: int, first: int) -> None:
        """Write `each` signals for each pair, the pairs in turn, as the cacher does."""
        made = signals(each * len(pairs), datetime.now(UTC), pairs, first=first)
        while batch := list(islice(made, BATCH)):
            self.store.write(batch, datetime.now(UTC))

    def _redis_time(self) -> float:
        used = self.client.info("cpu")
        return 1000 * (float(used["used_cpu_user"]) + float(used["used_cpu_sys"]))


def many_pairs(server: RedisServer, folder: Path, count: int, report: Report) -> Iterator[Figure]:
    """Measure with `count` pairs on an empty Redis and in an empty folder; 1,000 pairs take some minutes.

    Args:
        server: an empty Redis, which is filled and emptied.
        folder: the folder for a file of stories.
        count: the number of pairs, from which all other amounts are derived.
        report: called with a text for people that says which step is running.
    """
    pairs = tuple(f"COIN{number:04d}/USDT" for number in range(count))
    report("placing articles among many stories")  # first, because it measures the process's peak memory
    yield from many_stories(folder, 20 * count)
    with closing(_Store(server)) as store:
        report(f"writing {LISTED} signals for each of {count} pairs")
        yield from _writes(store, pairs)
        report("refreshing the bot's mirror of them")
        yield from _refreshes(store, pairs)
        report("what long histories take")
        yield from _long_histories(store, count)
    report("computing indicators")
    yield from _indicators()


def _writes(store: _Store, pairs: Sequence[str]) -> Iterator[Figure]:
    empty = store.memory()
    store.write(pairs, 1, 0)
    first = store.memory()
    yield Figure("Redis: memory of a pair with its first signal", (first - empty) / len(pairs), "bytes")
    written = (LISTED - 1) * len(pairs)
    mine, of_redis = store.spent(lambda: store.write(pairs, LISTED - 1, len(pairs)))
    yield Figure(
        "Redis: memory of a signal, the first 100 of a pair", (store.memory() - first) / written, "bytes"
    )
    yield Figure("cacher: writing a signal, each to another pair", mine / written, "ms")
    yield Figure("Redis: the same", of_redis / written, "ms")


def _refreshes(store: _Store, pairs: Sequence[str]) -> Iterator[Figure]:
    first = len(pairs) * LISTED
    at = store.server
    settings = StrategySettings(redis_host=at.host, redis_port=at.port, redis_password=at.password)
    with closing(connect(settings)) as client:
        source = RedisSignals(client, window=WINDOW, patience_s=TIMEOUT_SECONDS)

        def refresh() -> None:
            source.refresh(pairs, datetime.now(UTC))
            if not all(source.readable(pair) for pair in pairs):
                raise TryLater("Redis could not be read; run it again on a machine with less to do")

        mine, of_redis = store.spent(refresh)
        yield Figure(f"bot: first refresh, {LISTED} signals a pair", mine, "ms")
        yield Figure("Redis: the same", of_redis, "ms")
        for new in (0, 5, len(pairs) // 5):
            costs = []
            for _ in range(REPEAT):
                now = datetime.now(UTC)
                store.store.write(list(signals(new, now, pairs, first=first)), now)
                first += new
                costs.append(store.spent(refresh))
            yield Figure(f"bot: next refresh, {new} new signals", median(mine for mine, _ in costs), "ms")
            yield Figure("Redis: the same", median(of_redis for _, of_redis in costs), "ms")


def _long_histories(store: _Store, count: int) -> Iterator[Figure]:
    """Measure Redis with long histories; while Redis runs a script, all its other clients wait."""
    for kept in sorted({max(2 * LISTED, count), max(4 * LISTED, 10 * count)}):
        store.client.flushdb()
        empty, pair = store.memory(), (f"LONG{kept}/USDT",)
        store.write(pair, kept, 0)
        yield Figure(f"Redis: memory of a pair with {kept} signals", store.memory() - empty, "bytes")
        newest = next(signals(1, datetime.now(UTC), pair, first=kept - 1))
        costs = []
        for revision in range(1, REPEAT + 1):
            again = newest.model_copy(update={"revision": revision})
            costs.append(store.spent(partial(store.store.write, [again], datetime.now(UTC)))[1])
        yield Figure(f"Redis: correcting a signal of a pair with {kept}", median(costs), "ms")


def _indicators() -> Iterator[Figure]:
    """Measure what the bot computes for a pair at each candle, except what Freqtrade itself computes."""
    now = datetime.now(UTC)
    random = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.005, CANDLES)))
    opens = pd.date_range(now - CANDLES * CANDLE, periods=CANDLES, freq=CANDLE, unit="us")
    candles = pd.DataFrame(
        {
            "date": opens,
            "open": close,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "volume": random.lognormal(5, 0.5, CANDLES),
        }
    )
    for known in (LISTED, 10 * LISTED):
        made = [
            each.model_copy(update={"available_at": each.analyzed_at}).encode()
            for each in signals(known, now, ("BTC/USDT",))
        ]
        frame = signals_frame([decode_member(each, "BTC/USDT") for each in made])
        took = median(milliseconds(partial(_analyse, candles, frame)) for _ in range(REPEAT))
        yield Figure(f"bot: indicators and rules of a pair, {CANDLES} candles, {known} signals", took, "ms")


def _analyse(candles: pd.DataFrame, known: pd.DataFrame) -> None:
    indicators = technical_indicators(candles, Periods())
    common: dict[str, Any] = {
        "staleness": timedelta(hours=4),
        "last_unreadable": False,
        "arrived": arrivals(known),
    }
    newest = as_of(known, candles["date"], CANDLE, **common)
    aggregate = aggregate_as_of(known, candles["date"], CANDLE, half_life=timedelta(hours=2), **common)
    frame = pd.concat([candles, indicators, newest, aggregate], axis=1)
    entry_conditions(frame, Rules())
    exit_conditions(frame, Rules())
