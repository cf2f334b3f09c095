"""The case that measures how much time sentiment takes in each loop of the bot."""

from __future__ import annotations

import time
from datetime import timedelta

from cryptoboy_sentiment import RedisSignals, Settings, connect

from devtools.bench.lab import Lab
from devtools.bench.results import Rows, at_most, compare
from devtools.bench.samples import signals
from devtools.bench.servers import bare_redis
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.store.keys import current_key
from services.common.store.redis.store import RedisStore

PAIRS = tuple(f"COIN{number:03d}/USDT" for number in range(100))
SIGNALS_A_PAIR = 100
NEW_SIGNALS = 5
WINDOW = timedelta(days=2)
LOOPS_A_RUN = 5


def strategy_refresh(lab: Lab) -> Rows:
    """Milliseconds of the first refresh, and of a refresh with five new signals.

    Each of them is compared with one HGETALL per pair.
    """
    clock, server = SystemClock(), lab.servers.redis()
    store = RedisStore(lab.settings())
    client = connect(Settings(redis_host=server.host, redis_port=server.port, redis_password=server.password))
    with bare_redis(server) as owner:
        owner.flushdb()
    made = 0
    for _ in range(SIGNALS_A_PAIR):
        store.write(list(signals(len(PAIRS), clock.now(), PAIRS, first=made)), clock.now())
        made += len(PAIRS)
    source = RedisSignals(client, window=WINDOW, patience_s=60.0)
    source.refresh(PAIRS, clock.now())

    def refresh() -> float:
        nonlocal made
        seconds = 0.0
        for _ in range(LOOPS_A_RUN):
            store.write(list(signals(NEW_SIGNALS, clock.now(), PAIRS, first=made)), clock.now())
            made += NEW_SIGNALS
            seconds += _seconds_of_refresh(source)
        return 1000 * seconds / LOOPS_A_RUN

    def first_load() -> float:
        return 1000 * _seconds_of_refresh(RedisSignals(client, window=WINDOW, patience_s=60.0))

    def baseline() -> float:
        begin = time.perf_counter()
        for _ in range(LOOPS_A_RUN):
            for pair in PAIRS:
                client.hgetall(current_key(pair))
        return 1000 * (time.perf_counter() - begin) / LOOPS_A_RUN

    try:
        note = f"one HGETALL for each of {len(PAIRS)} pairs in turn"
        later = lab.interleave(refresh, baseline)
        yield compare("strategy_refresh.next", "ms", *later, at_most(0.5), note=note)
        first = lab.interleave(first_load, baseline)
        yield compare("strategy_refresh.first", "ms", *first, at_most(20), note=note)
    finally:
        store.close()
        client.close()


def _seconds_of_refresh(source: RedisSignals) -> float:
    begin = time.perf_counter()
    source.refresh(PAIRS, SystemClock().now())
    seconds = time.perf_counter() - begin
    if not all(source.readable(pair) for pair in PAIRS):
        raise TryLater("strategy_refresh: Redis could not be read; run it again")
    return seconds
