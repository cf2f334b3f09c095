"""Waits at the end of a demo until the pipeline has handled all messages, and then takes the final counts."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

from services.demo.books import Books
from services.demo.counts import Counts
from services.demo.feed_server import FeedServer

DRAIN_TIMEOUT_SECONDS = 30.0
TICK_SECONDS = 0.5
# The poller publishes articles that it has stored a fraction of this later.
PUBLISH_SECONDS = 2.0


def longest_drain(poll_interval: float) -> float:
    """The longest time in seconds of `drain` and `await_books`; `poll_interval` is the pause between two polls."""
    return _longest_reading(poll_interval) + PUBLISH_SECONDS + 2 * DRAIN_TIMEOUT_SECONDS


def drain(feeds: FeedServer, counts: Callable[[], Counts], poll_interval: float) -> Counts:
    """Stop new articles, wait until the pipeline has handled all earlier ones, and return the counts of that moment.

    Counts of a later moment could include messages that this function did not wait for. If messages are not handled
    in time, or a feed is no longer read, the last counts are returned.
    """
    feeds.freeze()
    _wait_until(feeds.are_read, _longest_reading(poll_interval))
    sleep(PUBLISH_SECONDS)
    latest: list[Counts] = []

    def is_settled() -> bool:
        latest.append(counts())
        return not (latest[-1].waiting or latest[-1].messages_lost or latest[-1].silent)

    _wait_until(is_settled, DRAIN_TIMEOUT_SECONDS)
    return latest[-1]


def await_books(read: Callable[[], Books]) -> Books:
    """Wait until the history agrees with the counts; returns the last comparison, also if it still differs."""
    latest: list[Books] = []

    def do_agree() -> bool:
        latest.append(read())
        return latest[-1].problem is None

    _wait_until(do_agree, DRAIN_TIMEOUT_SECONDS)
    return latest[-1]


def _longest_reading(poll_interval: float) -> float:
    return DRAIN_TIMEOUT_SECONDS + 2 * poll_interval


def _wait_until(is_so: Callable[[], bool], patience: float) -> None:
    deadline = monotonic() + patience
    while not is_so() and monotonic() < deadline:
        sleep(TICK_SECONDS)
