from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from services.common.errors import NeverWorks, TryLater
from services.common.messages import SentimentSignal
from services.common.runtime.work import WorkInHand
from services.sentiment_analyzer.pipeline.intake import Intake
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.pipeline.publish import SIGNALS_AT_ONCE, SignalPublisher
from tests.support.scoring.sentiment_fakes import (
    MATCHER,
    NOON,
    FakeBroker,
    FakeScorer,
    ImpatientStop,
    article,
)
from tests.support.waiting import eventually


def signals(article_id: str) -> tuple[SentimentSignal, ...]:
    return judge_article(article(article_id), MATCHER, FakeScorer([]), NOON).signals


class Publishing:
    """A publisher whose broker takes signals when a test says so, for workers that use it at the same time."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self.stop = ImpatientStop()
        self.broker = FakeBroker(self.stop, [])
        self.may_go_on = threading.Semaphore(0)
        self.broker.on_publish = self._wait
        self.publisher = SignalPublisher(self.broker, WorkInHand())
        self._intake = Intake(self.broker.subscribe("raw_news_data", 9), self.stop, WorkInHand())

    def _wait(self) -> None:
        assert self.may_go_on.acquire(timeout=30)

    def publish(self, *article_ids: str) -> Future[bool]:
        """One worker publishes the signals of these articles."""
        put_in = [signal for each in article_ids for signal in signals(each)]
        return self._threads.submit(self.publisher.publish, put_in, self._intake)

    def published(self) -> list[str]:
        return [signal.article_id for signal in self.broker.signals()]


@pytest.fixture
def publishing() -> Iterator[Publishing]:
    with ThreadPoolExecutor(8) as threads:
        built = Publishing(threads)
        yield built
        built.may_go_on.release(100)


def first_and_three_behind(publishing: Publishing) -> list[Future[bool]]:
    first = publishing.publish("a1")
    eventually(lambda: publishing.publisher._publishing.locked() and not publishing.publisher._requests)
    behind = []
    for name in ("a2", "a3", "a4"):
        behind.append(publishing.publish(name))
        eventually(lambda: len(publishing.publisher._requests) == len(behind))
    return [first, *behind]


def test_what_workers_put_in_while_something_is_published_leaves_together_and_in_order(
    publishing: Publishing,
) -> None:
    workers = first_and_three_behind(publishing)

    publishing.may_go_on.release(2)

    assert [each.result(30) for each in workers] == [True] * 4
    assert publishing.published() == ["a1", "a2", "a3", "a4"]
    assert publishing.broker.journal[1:] == ["publish 1", "publish 3"]


def test_it_is_idle_only_when_the_last_was_published(publishing: Publishing) -> None:
    assert publishing.publisher.is_idle
    worker = publishing.publish("a1")
    eventually(lambda: not publishing.publisher.is_idle)

    publishing.may_go_on.release()

    assert worker.result(30)
    assert publishing.publisher.is_idle


def test_a_refusal_is_for_all_whose_signals_left_together(publishing: Publishing) -> None:
    workers = first_and_three_behind(publishing)
    publishing.broker.publish_errors.append(TryLater("away"))  # the first is tried again
    publishing.broker.publish_errors.append(NeverWorks("no queue takes sentiment.signal"))

    publishing.may_go_on.release(9)

    with pytest.raises(NeverWorks, match="no queue"):
        workers[0].result(30)
    assert [each.result(30) for each in workers[1:]] == [True] * 3


def test_an_error_that_nobody_foresaw_confirms_nothing(publishing: Publishing) -> None:
    workers = first_and_three_behind(publishing)
    publishing.broker.publish_errors.append(ZeroDivisionError("division by zero"))

    publishing.may_go_on.release(9)

    assert isinstance(workers[0].exception(30), ZeroDivisionError)
    assert [each.result(30) for each in workers[1:]] == [True] * 3
    assert publishing.published() == ["a2", "a3", "a4"]


def test_an_article_without_signals_waits_for_nobody(publishing: Publishing) -> None:
    publishing.publish("a1")

    assert publishing._threads.submit(publishing.publisher.publish, (), publishing._intake).result(30)


def test_more_signals_than_a_nearly_full_queue_has_room_for_leave_in_several_pieces(
    publishing: Publishing,
) -> None:
    names = [f"a{number}" for number in range(SIGNALS_AT_ONCE + 1)]
    publishing.may_go_on.release(2)

    assert publishing.publish(*names).result(30)

    assert publishing.published() == names
    assert publishing.broker.journal[1:] == [f"publish {SIGNALS_AT_ONCE}", "publish 1"]


def test_when_the_service_stops_signals_are_tried_once_more_and_no_longer_waited_for(
    publishing: Publishing,
) -> None:
    publishing.stop.set()
    publishing.broker.publish_errors.extend(TryLater("away") for _ in range(2))
    publishing.may_go_on.release(9)

    assert not publishing.publish("a1").result(30)
    assert len(publishing.broker.publish_errors) == 1
