"""The thread of a channel: it sends what its queue says, and notes in the outbox what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import structlog

from services.common.clock import Clock
from services.common.errors import CryptoBoyError, NeverWorks, StopProgram, TryLater
from services.common.history.notifying.rows import NoticeState
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import CHANNEL_UP, NOTICE_SECONDS, NOTICES, NOTICES_WAITING
from services.common.runtime.runner import count_error
from services.common.runtime.work import CallsInProgress
from services.common.services import NOTIFIER
from services.notifier.channels.port import SEND_SECONDS, Channel, Unsure, channel_label
from services.notifier.delivery.digest import Left, digest
from services.notifier.delivery.outbox import Outbox
from services.notifier.delivery.queue import ChannelQueue
from services.notifier.delivery.steps import Escalate, Gather, Send, Settle, Wait
from services.notifier.notice import Notice
from services.notifier.rules.document import ChannelTable

DATABASE_SECONDS = 60.0
REFUSED_SECONDS = 600.0
"""How long a channel that accepts nothing until a person changes something is left alone."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class ChannelWorker:
    """Delivers the notices of one channel in a thread of its own, so that no channel waits for another.

    Args:
        channel: where notices are sent.
        table: how much the channel is told.
        is_quiet: whether the channel is in its quiet hours.
        escalate: called with urgent notices that this channel does not accept.
        allowed: raises StopProgram if this is not the one notifier any more.
    """

    def __init__(
        self,
        channel: Channel,
        table: ChannelTable,
        outbox: Outbox,
        clock: Clock,
        work: CallsInProgress,
        *,
        is_quiet: Callable[[], bool],
        escalate: Callable[[str, Notice], None],
        allowed: Callable[[], None],
    ) -> None:
        self.name = channel.name
        self._channel, self._outbox, self._clock, self._work = channel, outbox, clock, work
        self._label = channel_label(channel.name)
        self._is_quiet, self._escalate, self._allowed = is_quiet, escalate, allowed
        self._queue = ChannelQueue(table, time.monotonic())
        self._changed = threading.Condition()
        self._stop = False
        self._in_doubt: set[str] = set()  # events whose claim was not answered
        self._thread = threading.Thread(target=self._run, name=f"channel-{self._label}", daemon=True)
        self._failure: BaseException | None = None
        CHANNEL_UP.labels(self._label).set(1)
        for state in NoticeState:  # so that the first of a state is an increase
            NOTICES.labels(self._label, state.value)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, notices: Iterable[Notice], age: float = 0.0) -> None:
        """Take notices that stand in the outbox and were decided `age` seconds ago."""
        with self._changed:
            for notice in notices:
                self._queue.put(notice, time.monotonic(), age)
            self._changed.notify()

    def leave(self, left: Iterable[Left]) -> None:
        """Take what an earlier run has left for the next digest."""
        with self._changed:
            self._queue.leave(list(left), time.monotonic())
            self._changed.notify()

    def check(self) -> None:
        """Raise the error that ended the thread, if one did."""
        if self._failure is not None:
            raise self._failure

    def health(self) -> DependencyHealth:
        """Whether the channel accepts notices. Never waits."""
        failing, waiting = self._queue.failing, len(self._queue.pending)
        detail = "accepts notices" if failing is None else failing.why
        return DependencyHealth(
            ok=failing is None, detail=f"{detail}; {waiting} waiting" if waiting else detail, required=False
        )

    def stop(self) -> None:
        """Let the thread end after its present send."""
        with self._changed:
            self._stop = True
            self._changed.notify()

    def close(self, timeout: float = SEND_SECONDS) -> None:
        """End the thread after its present send, and close the channel."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join(timeout)
        self._channel.close()

    def _run(self) -> None:
        backoff = Backoff(0.5, 5.0)
        try:
            while not self._stop:
                try:
                    self._step()
                    backoff.succeeded()
                except TryLater as error:  # the history is away: nothing is sent that could not be noted
                    count_error(NOTIFIER, error)
                    self._pause(backoff.failed(error.after))
        except BaseException as error:  # noqa: BLE001 - `check` raises it in the thread of the service
            self._failure = error

    def _step(self) -> None:
        with self._changed:
            step = self._queue.next(time.monotonic(), is_quiet=self._is_quiet())
            NOTICES_WAITING.labels(self._label).set(len(self._queue.pending))
            if isinstance(step, Wait):
                if not self._stop:
                    self._changed.wait(step.seconds)
                return
        if isinstance(step, Send):
            self._send(step.notice)
        elif isinstance(step, Settle):
            self._settle(step.notices, step.state, step.reason)
        elif isinstance(step, Gather):
            self._gather(step.left)
        elif isinstance(step, Escalate):
            self._pass_on(step.notices)

    def _send(self, notice: Notice) -> None:
        self._allowed()
        if not self._claim(notice):  # it is settled, or another notifier has it
            with self._changed:
                self._queue.remove([notice])
            return
        try:
            with self._work.doing(f"sending to {self._label}", SEND_SECONDS):
                self._channel.send(notice)
        except CryptoBoyError as error:
            self._not_sent(notice, error)
        except Exception as error:
            log.exception("channel_failed", channel=self._label)
            self._not_sent(notice, Unsure(f"{self._label}: {type(error).__name__}"))
        else:
            self._works()
            late = (self._clock.now() - notice.happened).total_seconds()
            NOTICE_SECONDS.labels(self._label).observe(max(late, 0.0))
            self._settle([notice], NoticeState.TOLD)

    def _claim(self, notice: Notice) -> bool:
        """Claim a notice. A claim that was not answered may stand in the history, so its repetition changes nothing."""
        key = notice.event_key
        try:
            with self._work.doing("claiming a notice", DATABASE_SECONDS):
                is_claimed = self._outbox.claim(notice) or key in self._in_doubt
        except TryLater:
            self._in_doubt.add(key)
            raise
        self._in_doubt.discard(key)
        return is_claimed

    def _gather(self, left: Sequence[Left]) -> None:
        """Write a digest, the same one until it is written: one with more in it would be another notice."""
        notice = digest(self.name, left, self._clock.now())
        self._until_written(lambda: self._outbox.begin_digest(notice), [notice])
        with self._changed:
            self._queue.gathered(notice, left, time.monotonic())

    def _not_sent(self, notice: Notice, error: CryptoBoyError) -> None:
        count_error(NOTIFIER, error)
        if isinstance(error, Unsure | NeverWorks):
            with self._changed:
                fails = self._queue.not_confirmed(notice) or isinstance(error, Unsure)
            if fails:
                self._fails(error)
            state = NoticeState.UNSURE if isinstance(error, Unsure) else NoticeState.DROPPED
            self._settle([notice], state, str(error))
        else:
            self._fails(error)
            self._until_written(
                lambda: self._outbox.settle([notice], NoticeState.DELAYED, str(error)), [notice]
            )

    def _settle(self, notices: Sequence[Notice], state: NoticeState, reason: str = "") -> None:
        """Note the final state of notices. What was sent is never sent again, so this ends only with the notifier."""
        left = self._until_written(lambda: self._outbox.settle(notices, state, reason), notices)
        with self._changed:
            self._queue.remove(notices)
            if state is not NoticeState.TOLD:
                self._queue.leave(left or (), time.monotonic())

    def _until_written(self, write: Callable[[], T], notices: Sequence[Notice]) -> T | None:
        """Repeat a write until it succeeds, and return its result; None if the notifier ends before."""
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                with self._work.doing("noting what came of a notice", DATABASE_SECONDS):
                    return write()
            except TryLater as error:
                count_error(NOTIFIER, error)
                if self._stop:
                    keys = [notice.event_key for notice in notices]
                    log.warning("notices_not_noted", channel=self._label, event_keys=keys)
                    return None
                self._pause(backoff.failed(error.after))

    def _works(self) -> None:
        with self._changed:
            recovered = self._queue.succeeded()
        CHANNEL_UP.labels(self._label).set(1)
        if recovered:
            log.info("channel_works_again", channel=self._label)

    def _fails(self, error: CryptoBoyError) -> None:
        is_refused = isinstance(error, StopProgram)
        after = REFUSED_SECONDS if is_refused else error.after if isinstance(error, TryLater) else None
        with self._changed:
            began = self._queue.failed(str(error), time.monotonic(), after=after, is_refused=is_refused)
        CHANNEL_UP.labels(self._label).set(0)
        if began:
            log.warning("channel_fails", channel=self._label, error=str(error))

    def _pass_on(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._escalate(self.name, notice)
            with self._changed:
                self._queue.escalated(notice)

    def _pause(self, seconds: float) -> None:
        with self._changed:
            if not self._stop:
                self._changed.wait(seconds)
