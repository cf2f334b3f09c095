"""Records the time at which entries appear in Redis, from the keyspace notifications of Redis itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import redis

SUBSCRIBE_SECONDS = 10.0
LOOK_SECONDS = 0.1


class Arrivals:
    """The time at which each id was first seen, in seconds of `time.perf_counter`."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._changed = threading.Condition()

    def note(self, ids: Sequence[str], moment: float) -> None:
        """Record `moment` for these ids; an id that was seen before keeps its first time."""
        with self._changed:
            for each in ids:
                self.at.setdefault(each, moment)
            self._changed.notify_all()

    def wait_for(self, count: int, timeout: float) -> bool:
        """Wait until `count` ids have arrived; returns whether they did so within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.at) >= count, timeout)


@contextmanager
def watched(
    client: redis.Redis, keys: Sequence[str], ids: Callable[[str], Sequence[str]]
) -> Iterator[Arrivals]:
    """Record the arrivals under these keys of database 0 while the context lasts.

    Args:
        client: a client of the Redis; keyspace notifications are switched on there, and restored at the end.
        keys: the keys that are watched.
        ids: returns the ids that a key contains now; called after each change, once its time is recorded.
    """
    setting = "notify-keyspace-events"
    before = cast("dict[str, str]", client.config_get(setting)).get(setting, "")
    client.config_set(setting, "Kzh")
    arrivals, stop = Arrivals(), threading.Event()
    prefix = "__keyspace@0__:"
    pubsub = client.pubsub()  # type: ignore[no-untyped-call]  # redis publishes no type for it
    pubsub.subscribe(*[prefix + key for key in keys])
    for _ in keys:
        pubsub.get_message(timeout=SUBSCRIBE_SECONDS)

    def listen() -> None:
        while not stop.is_set():
            message: dict[str, Any] | None = pubsub.get_message(timeout=LOOK_SECONDS)
            if message is not None:
                moment = time.perf_counter()
                arrivals.note(ids(message["channel"].decode().removeprefix(prefix)), moment)

    thread = threading.Thread(target=listen, name="arrivals", daemon=True)
    thread.start()
    try:
        yield arrivals
    finally:
        stop.set()
        thread.join()
        pubsub.close()
        client.config_set(setting, before)
