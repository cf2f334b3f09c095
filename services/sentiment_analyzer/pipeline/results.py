"""Publishes how each article ended, for the history. Nothing here may hold up or fail the scoring of news.

Results are published by a thread of their own, over a connection of their own. An article is acknowledged only after
its result is confirmed, so that a killed process loses none: such an article is redelivered. But an article waits for
that at most `SETTLE_SECONDS`, never past the next dead letter, because `DeadLetterLimit` counts both in their order,
and not at all while results cannot be published. Those results are kept in memory and published later.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from services.common.broker.port import Broker, OutgoingMessage
from services.common.clock import Clock
from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import RESULTS_LOST
from services.common.runtime.runner import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from services.sentiment_analyzer.pipeline.result_message import Ended, FindReceipt, Result, message_of

log = structlog.get_logger(__name__)

SETTLE_SECONDS = 1.0
"""The time in seconds for which the acknowledgement of an article may wait for its result."""
HURRY_SECONDS = 60.0
"""The time in seconds, after a result was late or refused, for which no article waits for its result."""
CONFIRM_SECONDS = 10.0
CLOSE_SECONDS = 3.0
AT_ONCE = 100
MOST_WAITING = 5_000
"""The number of results that are kept while they cannot be published. Further ones replace the oldest."""


class _Waiting:
    """A result that is not confirmed yet. `settle` settles articles that wait for it; None if none waits."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.settle: Callable[[], None] | None = None
        self.settle_by = time.monotonic() + SETTLE_SECONDS


class ResultPublisher:
    """A `ResultSink` that publishes in a thread of its own. Other threads may share it.

    Args:
        broker: a connection that only this publisher uses; it is closed with the publisher.
        find_receipt: finds the receipt of an article.
        clock: gives the times of the results.
    """

    def __init__(self, broker: Broker, find_receipt: FindReceipt, clock: Clock) -> None:
        self._broker, self._find_receipt, self._clock = broker, find_receipt, clock
        self._settling = threading.Lock()  # held while articles are settled
        self._changed = threading.Condition()  # of what follows
        self._waiting: deque[_Waiting] = deque()
        self._sending: list[_Waiting] = []
        self._problem: str | None = None
        self._hurry_until = 0.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="results", daemon=True)

    def start(self) -> None:
        """Start the thread. The broker need not be reachable."""
        if self._thread.ident is None:
            self._thread.start()

    def add(self, ended: Sequence[Ended], settle: Callable[[], None]) -> None:
        """See `ResultSink.add`."""
        now = self._clock.now()
        waiting = [_Waiting(Result(article_id, judgement, "", now)) for article_id, judgement in ended]
        if not waiting:
            settle()
            return
        waiting[-1].settle = settle  # results are confirmed in their order
        self._add(waiting)

    def add_dead_letter(self, article_id: str, reason: str) -> None:
        """See `ResultSink.add_dead_letter`."""
        self._add([_Waiting(Result(article_id, None, reason, self._clock.now()))])

    def settle_late(self) -> None:
        """See `ResultSink.settle_late`."""
        now = time.monotonic()
        unconfirmed = self._unconfirmed()
        if any(each.settle and each.settle_by <= now for each in unconfirmed):
            self._note_problem(f"results are not confirmed within {SETTLE_SECONDS:.0f} s")
            self._settle(unconfirmed)

    def settle_all(self) -> None:
        """See `ResultSink.settle_all`."""
        self._settle(self._unconfirmed())

    def flush(self) -> None:
        """Wait for at most `SETTLE_SECONDS` until no article waits for its result, and settle those that still do."""
        with self._changed:
            self._changed.wait_for(
                lambda: not any(each.settle for each in self._unconfirmed()), SETTLE_SECONDS
            )
        self._settle(self._unconfirmed())

    def health(self) -> DependencyHealth:
        """Report whether results can be published, which scoring does not require."""
        problem = self._problem
        return DependencyHealth(ok=problem is None, detail=problem or "published", required=False)

    def close(self) -> None:
        """Publish what waits, for at most `CLOSE_SECONDS`, and close the connection. May be called twice."""
        with self._changed:
            if self._closed.is_set():
                return
            self._closed.set()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_SECONDS)
        left = self._unconfirmed()
        self._note_lost(len(left), self._problem or "the process ends")
        self._settle(left)
        self._broker.close()

    def _add(self, waiting: Sequence[_Waiting]) -> None:
        with self._changed:
            self._waiting += waiting
            is_hurry = self._problem is not None or time.monotonic() < self._hurry_until
            lost = [self._waiting.popleft() for _ in range(len(self._waiting) - MOST_WAITING)]
            self._changed.notify_all()
        self._note_lost(len(lost), f"more than {MOST_WAITING} results wait")
        self._settle([*lost, *waiting] if is_hurry else lost)

    def _unconfirmed(self) -> list[_Waiting]:
        with self._changed:
            return [*self._sending, *self._waiting]

    def _settle(self, those: Sequence[_Waiting]) -> None:
        """Settle the articles of these results, except those that are settled."""
        with self._settling:  # so that what another thread is settling is settled on return
            with self._changed:
                calls = [each.settle for each in those if each.settle]
                for each in those:
                    each.settle = None
                self._changed.notify_all()
            for settle in calls:
                try:
                    settle()
                except (
                    CryptoBoyError
                ) as error:  # the article is redelivered, and the workers meet the same error
                    log.warning("article_not_acknowledged", error=str(error))

    def _note_problem(self, problem: str) -> None:
        with self._changed:
            is_new, self._problem = self._problem is None, problem
            self._hurry_until = time.monotonic() + HURRY_SECONDS
        if is_new:
            log.warning("results_waiting", error=problem)

    def _note_lost(self, count: int, why: str) -> None:
        if count:
            RESULTS_LOST.inc(count)
            log.warning("results_lost", results=count, reason=why)

    # In the thread of the publisher

    def _run(self) -> None:
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while self._take():
            try:
                messages = self._messages()
                self._broker.start()
                self._broker.publish(messages, CONFIRM_SECONDS)
            except NeverWorks as error:
                self._note_lost(len(self._sending), str(error))
                self._end_batch()
            except Exception as error:  # noqa: BLE001 - whatever it is, no article may wait for it
                self._note_problem(str(error))
                self._settle(self._unconfirmed())
                after = error.after if isinstance(error, TryLater) else None
                if self._closed.wait(backoff.failed(after)):
                    return
            else:
                backoff.succeeded()
                self._note_published()

    def _take(self) -> bool:
        """Wait for results, and take those that are published next; return whether there are any."""
        with self._changed:
            self._changed.wait_for(lambda: self._sending or self._waiting or self._closed.is_set())
            if not self._sending:
                self._sending = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            return bool(self._sending)

    def _messages(self) -> list[OutgoingMessage]:
        messages = []
        for each in self._sending:
            try:
                messages.append(message_of(each.result, self._find_receipt))
            except CryptoBoyError:
                raise
            except ValueError as error:  # one that cannot be described must not hold up the others
                self._note_lost(1, str(error))
        return messages

    def _note_published(self) -> None:
        with self._changed:
            is_back, self._problem = self._problem is not None, None
        if is_back:
            log.info("results_published_again")
        self._end_batch()

    def _end_batch(self) -> None:
        with self._changed:
            done, self._sending = self._sending, []
        self._settle(done)
