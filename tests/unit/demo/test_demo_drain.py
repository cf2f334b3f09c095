"""The final counts of a demo are taken when every feed was read and everything has arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from services.common.clock import ManualClock
from services.demo import drain as demo_drain
from services.demo.counts import Counts
from services.demo.drain import drain
from services.demo.feed_server import FeedServer
from services.demo.timed_news import TimedArticle

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@contextmanager
def feeds() -> Iterator[FeedServer]:
    articles = [
        TimedArticle(name, "Title", "Text", f"https://{name}.invalid/1", NOW, NOW)
        for name in ("alpha", "beta")
    ]
    with closing(FeedServer(articles, ManualClock(NOW + timedelta(hours=1)))) as server:
        yield server


def counts(published: int, *, waiting: int = 0) -> Counts:
    return Counts(published, published, published, published, 0, 9, 0, waiting)


def played(monkeypatch: pytest.MonkeyPatch, at_each_pause: Callable[[], object]) -> list[float]:
    """Time that passes only while the drain waits; what happens then is done by `at_each_pause`."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed.append(passed[-1] + seconds)
        at_each_pause()

    monkeypatch.setattr(demo_drain, "sleep", sleep)
    monkeypatch.setattr(demo_drain, "monotonic", lambda: passed[-1])
    return passed


def test_a_feed_counts_as_read_when_it_was_asked_for_again_after_the_freeze() -> None:
    with feeds() as server:
        for _ in range(3):
            assert server.feed("alpha")
            assert server.feed("beta")
        server.freeze()
        for source in ("alpha", "beta", "alpha", "nobody", "nobody"):
            assert not server.are_read()
            server.feed(source)
        assert not server.are_read()
        server.feed("beta")
        assert server.are_read()


def test_the_books_wait_for_a_feed_that_is_read_late(monkeypatch: pytest.MonkeyPatch) -> None:
    with feeds() as server:
        polls = iter(["alpha", "alpha", *["nobody"] * 20, "beta", "beta"])
        published = [1]

        def poll() -> None:
            if (source := next(polls, "")) == "beta":
                published[0] += 1
            server.feed(source)

        played(monkeypatch, poll)
        assert drain(server, lambda: counts(published[0]), 1.0) == counts(3)


def test_they_are_those_that_were_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    with feeds() as server:
        played(monkeypatch, lambda: [server.feed(name) for name in ("alpha", "beta")])
        said = iter([counts(5, waiting=2), counts(5), counts(7, waiting=2)])
        assert drain(server, lambda: next(said), 1.0) == counts(5)


def test_a_message_that_never_arrives_and_a_feed_that_nobody_reads_end_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with feeds() as server:
        passed = played(monkeypatch, lambda: None)
        assert drain(server, lambda: counts(5, waiting=1), 1.0) == counts(5, waiting=1)
        assert passed[-1] <= demo_drain.longest_drain(1.0)
