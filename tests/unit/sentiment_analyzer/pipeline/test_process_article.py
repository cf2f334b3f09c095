from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.common.broker.port import Delivery
from services.common.errors import TryLater
from services.sentiment_analyzer.pipeline.failures import ScorerAwayError
from services.sentiment_analyzer.pipeline.intake import Intake
from services.sentiment_analyzer.pipeline.slots import NotBegunError
from tests.support.scoring.sentiment_fakes import Bench, FakeBroker, FakeSubscription, article
from tests.support.waiting import eventually


class SecondComesLate(FakeSubscription):
    """Its second article comes when the first has ended the intake."""

    intake: Intake

    def __init__(self, broker: FakeBroker, prefetch: int) -> None:
        super().__init__(broker, prefetch)
        self._first = threading.Semaphore(1)

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        if not self._first.acquire(blocking=False):
            eventually(lambda: self.intake.is_over)
        return super().receive(max_messages, timeout)


def intake_of(bench: Bench, subscription: FakeSubscription | None = None) -> Intake:
    subscription = subscription or bench.broker.subscribe("raw_news_data", 9)
    return Intake(subscription, bench.stop, bench.processor.work)


def test_an_article_that_comes_when_the_scorer_has_just_failed_is_not_begun() -> None:
    bench = Bench(concurrency=2)
    bench.broker.put(article("a1", "Bitcoin rises"), article("a2", "Ether rises"))
    bench.scorer.fail("Bitcoin rises", TryLater("away"))
    subscription = SecondComesLate(bench.broker, 9)
    intake = subscription.intake = intake_of(bench, subscription)
    with ThreadPoolExecutor(2) as threads:
        workers = [threads.submit(bench.processor._pipeline.run, intake) for _ in range(2)]
    subscription.close()

    assert {type(each.exception()) for each in workers} == {type(None), ScorerAwayError}
    assert not [line for line in bench.journal if line.startswith("score")]
    assert [each.message_id for each in bench.broker.waiting] == ["a1", "a2"]


def test_an_article_that_was_not_begun_is_nobodys_fault_and_stays_unsettled() -> None:
    bench = Bench()
    bench.broker.put(article("a1"))
    bench.scorer.fail("Bitcoin rises", *(NotBegunError("not begun") for _ in range(9)))
    intake = intake_of(bench)
    deliveries = intake.receive(1)

    for _ in range(9):
        bench.processor._pipeline.process(deliveries, intake)

    assert not bench.processor._failures.failed
    assert bench.journal == ["subscribe raw_news_data"]


@pytest.fixture
def broker_takes_nothing() -> Iterator[tuple[Bench, Callable[[], None]]]:
    """A processor with two slots whose broker confirms nothing until it is told to."""
    bench = Bench(concurrency=2)
    may_confirm = threading.Event()

    def wait() -> None:
        assert may_confirm.wait(30)

    bench.broker.on_publish = wait
    yield bench, may_confirm.set
    may_confirm.set()


def test_no_more_is_scored_than_there_are_workers_while_signals_wait_however_often_the_connection_is_lost(
    broker_takes_nothing: tuple[Bench, Callable[[], None]],
) -> None:
    bench, confirm = broker_takes_nothing
    bench.broker.put(*(article(f"a{number}", f"Bitcoin rises {number}") for number in range(40)))
    bench.broker.forgets_deliveries = True
    running = threading.Thread(target=bench.run)
    running.start()
    scored = 0
    eventually(lambda: len(bench.scorer.asked_for) >= bench.processor._workers)
    running.join(0.3)
    scored = len(bench.scorer.asked_for)
    confirm()
    running.join(30)

    assert scored == bench.processor._workers
    assert len(bench.scorer.asked_for) == 40


def test_articles_that_came_together_are_settled_in_the_order_of_the_queue() -> None:
    bench = Bench(articles_at_once=9)
    bench.broker.put(
        article("a1"),
        b"no article",
        article("a2", "Ether rises"),
        b"no article either",
        article("a3", "Solana"),
    )

    bench.run()

    settled = [line.split()[0] for line in bench.journal if line.startswith(("ack", "dead_letter"))]
    assert settled == ["ack", "dead_letter", "ack", "dead_letter", "ack"]
