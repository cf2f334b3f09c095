"""A circuit breaker: a server that has just failed is not asked for a while, longer after each failure.

After "Release It!" (M. Nygard, 2007). Pure: the time, in seconds on any clock that never goes back, is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.common.runtime.backoff import doubled

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one server.

    Attributes:
        failures: in a row, since the last answer.
        pause: seconds for which it is not asked after the last of them.
        until: when it may be asked again.
    """

    failures: int = 0
    pause: float = 0.0
    until: float = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether it answered when last asked, or was not asked yet."""
        return not self.failures

    def may_try(self, now: float) -> bool:
        """Whether it may be asked now."""
        return self.is_closed or now >= self.until

    def after_failure(self, now: float, asked_pause: float | None = None) -> Breaker:
        """The state after a request failed; it is not asked for at least `asked_pause` seconds.

        Failures of requests that were in flight at the same time count once.
        """
        if now < self.until:
            return self
        pause = doubled(self.pause, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        return Breaker(self.failures + 1, pause, now + max(pause, asked_pause or 0.0))

    def after_failed_probe(self, now: float, asked_pause: float | None = None) -> Breaker:
        """The state after a probe of the server failed."""
        return replace(self, until=now).after_failure(now, asked_pause)

    def after_probe(self) -> Breaker:
        """The state after a probe succeeded: it is asked again, and the next pause is longer if it fails again."""
        return replace(self, failures=0, until=0.0)

    def claimed(self, now: float) -> Breaker:
        """The state while one caller probes the server (half-open): others do not ask it meanwhile."""
        return replace(self, until=now + self.pause)
