"""A circuit breaker. After a failure no requests are sent to a server for a pause, which grows with each failure.

See "Release It!" (M. Nygard, 2007). The functions are pure; the time is a parameter, in seconds on any clock that
never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.common.runtime.backoff import doubled

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of the circuit breaker of one server.

    Attributes:
        failures: the number of failures in a row since the last answer.
        pause: the time in seconds for which the server is not asked after the last failure.
        until: the time from which the server may be asked again.
    """

    failures: int = 0
    pause: float = 0.0
    until: float = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether the server answered the last request, or has not been sent any request yet."""
        return not self.failures

    def may_try(self, now: float) -> bool:
        """Whether the server may be asked now."""
        return self.is_closed or now >= self.until

    def after_failure(self, now: float, asked_pause: float | None = None) -> Breaker:
        """Return the state after a failed request. The server is not asked for at least `asked_pause` seconds.

        Failures of requests that were in flight at the same time count as one failure.
        """
        if now < self.until:
            return self
        pause = doubled(self.pause, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        return Breaker(self.failures + 1, pause, now + max(pause, asked_pause or 0.0))

    def after_failed_probe(self, now: float, asked_pause: float | None = None) -> Breaker:
        """Return the state after a probe of the server failed."""
        return replace(self, until=now).after_failure(now, asked_pause)

    def after_probe(self) -> Breaker:
        """Return the state after a successful probe. Requests are allowed again; the next pause will be longer."""
        return replace(self, failures=0, until=0.0)

    def claimed(self, now: float) -> Breaker:
        """Return the state (half-open) in which one caller probes the server and other callers send no requests."""
        return replace(self, until=now + self.pause)
