"""From a subscription to the news until the scorer or the broker fails, or the service stops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, wait
from functools import partial

from services.common.broker.port import Delivery, Subscription
from services.common.errors import TryLater
from services.sentiment_analyzer.pipeline.faults import ScorerAwayError
from services.sentiment_analyzer.pipeline.judge_and_publish import ArticleDesk, Batch, Judged
from services.sentiment_analyzer.pipeline.publish_queue import Outbox
from services.sentiment_analyzer.pipeline.scorer_outage import Recovery
from services.sentiment_analyzer.pipeline.slots import InFlight


class ScoringRound:
    """Threads that judge articles, each one after the other, and one that publishes what came of them.

    Args:
        subscription: where the articles come from; closed where they are given back.
        desk: judges and publishes.
        scorer: who scores.
        recovery: knows whether the scorer has yet to prove itself; then one article is judged at a time.
        receive: takes no more than so many articles from the subscription, or none after a while.
        on_idle: called when nothing came and nothing is in hand.
        most_judged: so many may wait to be published.
        stop: set: no further article is begun.
    """

    def __init__(
        self,
        subscription: Subscription,
        desk: ArticleDesk,
        scorer: InFlight,
        recovery: Recovery,
        *,
        receive: Callable[[int], Sequence[Delivery]],
        on_idle: Callable[[], None],
        most_judged: int,
        stop: threading.Event,
    ) -> None:
        self._subscription = subscription
        self._desk = desk
        self._scorer = scorer
        self._recovery = recovery
        self._receive = receive
        self._on_idle = on_idle
        self._stop = stop
        self._take_no_more = threading.Event()
        self._outbox: Outbox[Judged] = Outbox(self._publish, most_judged)
        self._begun: list[Future[None]] = []

    def run(self, threads: Executor, judges: int) -> None:
        """Judge what comes until it is over; return when all in hand is done.

        Args:
            threads: has room for one more than the judges.
            judges: how many judge at the same time.

        Raises:
            StopProgram, ScorerAwayError, TryLater: something failed.
        """
        self._scorer.wait_unless(self._is_over)
        publishing = self._begin(threads, self._outbox.run)
        try:
            if self._recovery.is_proving:
                wait([self._begin(threads, self._prove)])
            else:
                judge = partial(self._judge, alone=judges == 1)
                wait([self._begin(threads, judge) for _ in range(judges)])
        finally:
            self._outbox.close()
            wait([publishing])
        _raise_worst([error for each in self._begun if (error := each.exception()) is not None])

    def _begin(self, threads: Executor, work: Callable[[], None]) -> Future[None]:
        future = threads.submit(work)
        future.add_done_callback(
            lambda done: self._take_no_more.set() if done.exception() is not None else None
        )
        self._begun.append(future)
        return future

    def _is_over(self) -> bool:
        return self._stop.is_set() or self._take_no_more.is_set()

    def _judge(self, *, alone: bool) -> None:
        """One request after the other, until it is over."""
        while not self._is_over():
            deliveries = self._receive(self._scorer.articles_at_once)
            if self._is_over():  # the scorer has failed; they come again, as the subscription closes
                return
            if not deliveries:
                self._note_idle()
            self._pass_on(self._desk.judge(self._subscription, deliveries, self._stop, alone=alone))

    def _prove(self) -> None:
        """One article at a time, until the scorer has scored one; those in doubt only after another one."""
        held: list[Delivery] = []
        while not self._is_over():
            new = self._receive(1)
            if not (new or held):
                self._note_idle()
            elif not new:
                self._recovery.ask_again(self._stop)
            held += new
            ready = [each for each in held if not self._desk.faults.suspects.is_in_doubt(each)]
            held = [each for each in held if each not in ready]
            batch = self._desk.judge(self._subscription, ready, self._stop, alone=True)
            self._pass_on(batch)
            if batch.was_scored and not held:
                self._recovery.end()
                return

    def _pass_on(self, batch: Batch) -> None:
        self._outbox.put(batch.judged)
        if batch.away is not None:
            raise batch.away

    def _note_idle(self) -> None:
        if self._outbox.is_empty:
            self._on_idle()

    def _publish(self, judged: Sequence[Judged]) -> None:
        self._desk.publish(self._subscription, judged, self._stop, self._give_back)

    def _give_back(self) -> None:
        self._take_no_more.set()
        self._subscription.close()


def _raise_worst(failures: Sequence[BaseException]) -> None:
    """Raise what no waiting mends before what it does, and the scorer's trouble before the broker's."""
    if failures:
        raise min(
            failures, key=lambda each: (isinstance(each, TryLater), not isinstance(each, ScorerAwayError))
        )
