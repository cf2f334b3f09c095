"""What a channel does next: send a notice, leave it for the digest, give it up, or wait.

Nothing here waits, reads a clock or writes: instants are given, those of a monotonic clock. A clock that is set changes
nothing, but for quiet hours, which follow what clocks on the wall show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.common.history.notifying.rows import NoticeState
from services.common.runtime.backoff import Backoff
from services.notifier.delivery.digest import AGAIN, Left, is_urgent, that_fit
from services.notifier.delivery.rate import Allowance
from services.notifier.delivery.steps import Escalate, Gather, Send, Settle, Step, Wait
from services.notifier.happening import Importance, Kind
from services.notifier.notice import Notice
from services.notifier.rules.document import ChannelTable

GIVEN_UP_SECONDS = 3600.0
URGENT_DIGEST_SECONDS = 60.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
LONGEST_WAIT_SECONDS = 30.0
MOST_WAITING = 1000
"""How many notices wait for a channel; of what comes beyond, while it is away, its digest tells."""
MOST_SETTLED = 500
"""How many notices are settled in one transaction, for which the recorder may have to wait."""
REFUSALS = 2
"""After how many notices in a row that were refused a channel counts as one that fails."""
_NEVER_KEPT_BACK = frozenset({Kind.DIGEST, Kind.BRIEF, Kind.PRICE, Kind.TEST})
QUIET, FLOOD = "it came in quiet hours", "more came than this channel is sent in a minute"


@dataclass(slots=True)
class Pending:
    """A notice that waits. `since` is when it was decided; `is_paced`, whether the allowance has let it through."""

    notice: Notice
    since: float
    is_paced: bool = False
    is_escalated: bool = False

    @property
    def is_urgent(self) -> bool:
        """Whether it passes quiet hours and is sent before others."""
        return self.notice.importance is Importance.URGENT

    @property
    def to_escalate(self) -> bool:
        """Whether it has to go to another channel if this one fails."""
        return self.is_urgent and not self.is_escalated


@dataclass(slots=True)
class Failing:
    """Since when a channel does not accept notices, and why."""

    since: float
    why: str
    until: float = 0.0
    is_refused: bool = False


@dataclass(slots=True)
class ChannelQueue:
    """The notices of one channel. Used under the lock of its worker."""

    table: ChannelTable
    started: float
    pending: list[Pending] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    failing: Failing | None = None
    _left_since: float | None = None
    _unconfirmed: int = 0
    _without_answer: list[Notice] = field(default_factory=list)
    _allowance: Allowance = field(init=False)
    _urgent: Allowance = field(init=False)
    _backoff: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self._allowance = Allowance(self.table.per_minute, self.started)
        self._urgent = Allowance(self.table.urgent_per_minute, self.started)
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)

    def put(self, notice: Notice, now: float, age: float = 0.0) -> None:
        """Add a notice that was decided `age` seconds ago."""
        self.pending.append(Pending(notice, now - max(age, 0.0)))

    def leave(self, left: Sequence[Left], now: float) -> None:
        """Remember what the next digest has to tell. One digest that failed twice makes no third one by itself."""
        if self._left_since is None and any(each.notice.rule != AGAIN for each in left):
            self._left_since = now
        self.left += left

    def next(self, now: float, *, is_quiet: bool) -> Step:
        """What to do now."""
        to_escalate = self._to_escalate(now)
        if to_escalate:
            return Escalate(to_escalate)
        late = [each.notice for each in self.pending if _is_late(each, now)]
        if late:
            return Settle(tuple(late[:MOST_SETTLED]), NoticeState.DROPPED, self._why_late())
        ordered = sorted(self.pending, key=lambda each: (not each.is_urgent, each.since))
        too_many = [each.notice for each in ordered[MOST_WAITING:] if each.notice.kind is not Kind.DIGEST]
        if too_many:
            return Settle(tuple(too_many[:MOST_SETTLED]), NoticeState.DIGESTED, FLOOD)
        if self.failing is not None and now < self.failing.until:
            return Wait(min(self.failing.until - now, LONGEST_WAIT_SECONDS, self._until_escalation(now)))
        return self._next_to_send(ordered, now, is_quiet=is_quiet)

    def gathered(self, notice: Notice, left: Sequence[Left], now: float) -> None:
        """Take a digest instead of what was left, from the oldest on."""
        self.left = self.left[len(left) :]
        self._left_since = self._left_since if self.left else None
        self.pending.append(Pending(notice, now))

    def remove(self, notices: Sequence[Notice]) -> None:
        """Take notices that are settled out of the queue."""
        settled = {id(notice) for notice in notices}
        self.pending = [each for each in self.pending if id(each.notice) not in settled]

    def succeeded(self) -> bool:
        """Note that the channel accepts notices; returns whether it did not before."""
        self._backoff.succeeded()
        self._unconfirmed = 0
        was_failing, self.failing = self.failing is not None, None
        return was_failing

    def failed(self, why: str, now: float, *, after: float | None, is_refused: bool = False) -> bool:
        """Note that the channel did not accept a notice; returns whether it did before."""
        began = self.failing is None
        since = now if self.failing is None else self.failing.since
        pause = self._backoff.failed(after)
        self.failing = Failing(since, why, now + pause, is_refused)
        return began

    def not_confirmed(self, notice: Notice) -> bool:
        """Note that the channel has refused a notice, or perhaps not told it; returns whether it does so repeatedly."""
        if notice.importance is Importance.URGENT and self.table.escalate_to is not None:
            self._without_answer.append(notice)
        self._unconfirmed += 1
        return self._unconfirmed >= REFUSALS

    def escalated(self, notice: Notice) -> None:
        """Note that a notice has gone to another channel as well."""
        self._without_answer = [each for each in self._without_answer if each is not notice]
        for each in self.pending:
            each.is_escalated |= each.notice is notice

    def _to_escalate(self, now: float) -> tuple[Notice, ...]:
        """The urgent notices that are to go to another channel because this one fails."""
        if self._until_escalation(now) > 0:
            return tuple(self._without_answer)
        return (*self._without_answer, *(each.notice for each in self.pending if each.to_escalate))

    def _until_escalation(self, now: float) -> float:
        """The seconds until urgent notices that wait go to another channel."""
        if self.table.escalate_to is None or self.failing is None:
            return math.inf
        if not any(each.to_escalate for each in self.pending):
            return math.inf
        if self.failing.is_refused:
            return 0.0
        return self.failing.since + self.table.escalate_after_seconds - now

    def _next_to_send(self, ordered: Sequence[Pending], now: float, *, is_quiet: bool) -> Step:
        kept_back: dict[str, list[Notice]] = {}
        for each in ordered:
            reason = self._kept_back(each, now, is_quiet=is_quiet)
            if reason is None and not kept_back:
                return Send(each.notice)
            if reason is None or len(kept_back) > 1:
                break
            kept_back.setdefault(reason, []).append(each.notice)
        if kept_back:
            reason, notices = next(iter(kept_back.items()))
            return Settle(tuple(notices[:MOST_SETTLED]), NoticeState.DIGESTED, reason)
        if self._is_due(now) and (not is_quiet or is_urgent(self.left)):
            return Gather(tuple(that_fit(self.left)))
        return Wait(LONGEST_WAIT_SECONDS if not self.left else 1.0)

    def _kept_back(self, each: Pending, now: float, *, is_quiet: bool) -> str | None:
        """Why a notice is left for the digest; None if it is sent."""
        if each.notice.kind in _NEVER_KEPT_BACK:
            return None
        if is_quiet and not each.is_urgent:
            return QUIET
        if each.is_paced:
            return None
        allowance = self._urgent if each.is_urgent else self._allowance
        if not allowance.take(now):
            return FLOOD
        each.is_paced = True
        return None

    def _is_due(self, now: float) -> bool:
        if self._left_since is None:
            return False
        if any(
            each.state is NoticeState.UNSURE and each.notice.kind is not Kind.DIGEST for each in self.left
        ):
            return True
        most = URGENT_DIGEST_SECONDS if is_urgent(self.left) else self.table.digest_minutes * 60
        return now - self._left_since >= min(most, self.table.digest_minutes * 60)

    def _why_late(self) -> str:
        return "it was too old" if self.failing is None else f"for an hour: {self.failing.why}"


def _is_late(each: Pending, now: float) -> bool:
    return now - each.since >= GIVEN_UP_SECONDS and each.notice.kind is not Kind.DIGEST
