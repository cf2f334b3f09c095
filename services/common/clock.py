"""The clock as a value that is passed in, so that decisions about time can be tested and replayed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far apart the clocks of different machines may be: what is further ahead of ours is wrong, not early."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Gives the current time. Implementations never raise and never use the network."""

    def now(self) -> datetime:
        """The current instant, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> datetime:
        """The current instant in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that only its caller moves, backwards as well."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move by `seconds`, which may be negative."""
        self._now += timedelta(seconds=seconds)


def to_ms(instant: datetime) -> int:
    """Milliseconds since the epoch, rounded down. `instant` must be aware."""
    if instant.tzinfo is None:
        raise ValueError("a time without an offset cannot be placed on the time line")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """The UTC instant of so many milliseconds since the epoch."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
