"""The end of a demo: what is under way arrives before the books are closed."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

from services.demo.books import Books
from services.demo.feed_server import FeedServer

DRAIN_TIMEOUT_SECONDS = 30.0
TICK_SECONDS = 0.5
# What the poller has noted of a feed is published by its next look, a fraction of this later.
PUBLISH_SECONDS = 2.0


def longest_drain(poll_interval: float) -> float:
    """Seconds after which `drain` has returned; `poll_interval` is the pause between two polls of a feed."""
    return _longest_reading(poll_interval) + PUBLISH_SECONDS + DRAIN_TIMEOUT_SECONDS


def drain(feeds: FeedServer, books: Callable[[], Books], poll_interval: float) -> Books:
    """Let nothing new appear, wait until what did has arrived, and return the books of that moment.

    Books of a later moment could hold what the wait was not for. If something does not arrive in time, or a
    feed is read no more, they are the last ones.
    """
    feeds.freeze()
    _wait_until(feeds.are_read, _longest_reading(poll_interval))
    sleep(PUBLISH_SECONDS)
    latest: list[Books] = []

    def is_settled() -> bool:
        latest.append(books())
        return not (latest[-1].waiting or latest[-1].messages_lost or latest[-1].silent)

    _wait_until(is_settled, DRAIN_TIMEOUT_SECONDS)
    return latest[-1]


def _longest_reading(poll_interval: float) -> float:
    return DRAIN_TIMEOUT_SECONDS + 2 * poll_interval


def _wait_until(is_so: Callable[[], bool], patience: float) -> None:
    deadline = monotonic() + patience
    while not is_so() and monotonic() < deadline:
        sleep(TICK_SECONDS)
