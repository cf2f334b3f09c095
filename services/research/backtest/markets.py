"""Serves market data to a backtest without the internet: a private exchange on loopback while Freqtrade loads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from services.replay_exchange.replay import ReplayOptions
from services.replay_exchange.server import ReplayExchange

_TIMEOUT = 30.0


@contextmanager
def private_exchange(pairs: Sequence[str]) -> Iterator[str]:
    """Run an exchange that lists `pairs` and has no candles, in a thread of this process, and yield its URL.

    It has a perpetual contract of each pair; the name of the contract may stand for the pair.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="private-exchange", daemon=True)
    thread.start()
    exchange = ReplayExchange(
        ReplayOptions(candles=None, pairs=tuple(pair.partition(":")[0] for pair in pairs))
    )
    try:
        asyncio.run_coroutine_threadsafe(exchange.__aenter__(), loop).result(_TIMEOUT)
        try:
            yield exchange.base_url
        finally:
            closing = exchange.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(closing, loop).result(_TIMEOUT)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_TIMEOUT)
        loop.close()
