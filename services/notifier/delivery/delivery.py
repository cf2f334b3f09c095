"""Delivers notices: each stands in the outbox first, and then goes to the thread of its channel."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import structlog

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.history.notifying.rows import NoticeState
from services.common.runtime.health import DependencyHealth
from services.common.runtime.work import CallsInProgress
from services.notifier.channels.port import SEND_SECONDS, Channel, channel_label
from services.notifier.delivery.digest import Left
from services.notifier.delivery.outbox import NOTHING, Outbox
from services.notifier.delivery.quiet import is_quiet_for
from services.notifier.delivery.worker import ChannelWorker
from services.notifier.message import Message
from services.notifier.notice import Notice
from services.notifier.rules.rule import Rules, group_of

KILLED = "the notifier was ended while it was sent"

log = structlog.get_logger(__name__)


class Delivery:
    """All channels, each with a worker.

    Args:
        allowed: raises StopProgram if this is not the one notifier any more.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        rules: Rules,
        outbox: Outbox,
        clock: Clock,
        work: CallsInProgress,
        *,
        allowed: Callable[[], None],
    ) -> None:
        self._outbox, self._clock, self._rules = outbox, clock, rules
        self._workers = {channel.name: self._worker(channel, work, allowed) for channel in channels}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the channels."""
        return tuple(self._workers)

    def start(self) -> None:
        """Take up what an earlier run has left, and begin to send. Raises as `NotifierLog`."""
        waiting: dict[str, list[Notice]] = defaultdict(list)
        for notice, state in self._outbox.unfinished():
            if state is NoticeState.SENDING:
                self._outbox.settle([notice], NoticeState.UNSURE, KILLED)
            elif notice.channel not in self._workers:
                self._outbox.settle([notice], NoticeState.DROPPED, "there is no such channel any more")
            else:
                waiting[notice.channel].append(notice)
        left: Mapping[str, list[Left]] = self._outbox.left(self.names)
        now = self._clock.now()
        for name, worker in self._workers.items():
            for notice in waiting[name]:
                worker.put([notice], (now - notice.made).total_seconds())
            worker.leave(left[name])
            worker.start()

    def deliver(
        self,
        notices: Iterable[Notice],
        also: NotifierBatch = NOTHING,
        *,
        is_late: bool = False,
    ) -> int:
        """Write the notices in one transaction with what belongs to them, and hand on those that are new.

        Args:
            notices: what is told.
            also: what is written with them, such as the position up to which was read.
            is_late: whether the notices count as waiting since they happened, not since now.

        Returns:
            The number of new notices.

        Raises:
            TryLater, StopProgram: as `NotifierLog`. Nothing was written then.
        """
        new = self._outbox.accept(tuple(notices), also)
        for notice in new:
            age = (notice.made - notice.happened).total_seconds() if is_late else 0.0
            self._workers[notice.channel].put([notice], age)
        return len(new)

    def told(self, event_keys: Collection[str]) -> list[Notice]:
        """The notices of these events that stand in the outbox, for channels that there are; not those dropped."""
        return [notice for notice in self._outbox.told(event_keys) if notice.channel in self._workers]

    def check(self) -> None:
        """Raise the error that ended a worker, if one did."""
        for worker in self._workers.values():
            worker.check()

    def health(self) -> dict[str, DependencyHealth]:
        """The state of each channel."""
        return {f"channel {channel_label(name)}": worker.health() for name, worker in self._workers.items()}

    def close(self) -> None:
        """End all workers after their present sends, which may take as long as one of them together."""
        end = time.monotonic() + SEND_SECONDS
        for worker in self._workers.values():
            worker.stop()
        for worker in self._workers.values():
            worker.close(max(end - time.monotonic(), 0.0))

    def _worker(self, channel: Channel, work: CallsInProgress, allowed: Callable[[], None]) -> ChannelWorker:
        table = self._rules.channels[group_of(channel.name)]
        return ChannelWorker(
            channel,
            table,
            self._outbox,
            self._clock,
            work,
            is_quiet=lambda: is_quiet_for(table, self._rules, self._clock.now()),
            escalate=self._escalate,
            allowed=allowed,
        )

    def _escalate(self, failing: str, notice: Notice) -> None:
        """Tell an urgent notice through the channel that the rules name for the time in which this one fails."""
        to = self._rules.channels[group_of(failing)].escalate_to
        message = notice.message
        why = f"Told here because {group_of(failing)} has not confirmed it."
        passed_on = Message(message.title, (*message.lines, why), message.links)
        others = [name for name in self._workers if to is not None and to in {name, group_of(name)}]
        self.deliver(replace(notice, channel=name, message=passed_on) for name in others)
        log.warning("notice_escalated", channel=channel_label(failing), to=to, event_key=notice.event_key)
