"""Clocks that functions receive as an argument, so that decisions about time can be tested and replayed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

CLOCKS_DIFFER = timedelta(minutes=5)
"""The largest accepted difference between two machines' clocks. A time further in the future counts as wrong."""

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
    """A clock whose time changes only when its caller sets it, forwards or backwards."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The instant to which the clock was last set."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`, which may be negative."""
        self._now += timedelta(seconds=seconds)


def to_ms(instant: datetime) -> int:
    """Return the milliseconds from the epoch to `instant`, rounded down. `instant` must have a time zone."""
    if instant.tzinfo is None:
        raise ValueError("a time without an offset cannot be placed on the time line")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """Return the UTC instant that is `milliseconds` after the epoch."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
