"""The instants that callers may name: so far from the ends of the calendar that every period around one exists."""

from __future__ import annotations

from datetime import UTC, datetime

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def in_reach(instant: datetime) -> datetime:
    """The instant in UTC, or the nearest one of 2000 to 2100; a time without an offset is UTC."""
    aware = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return min(max(aware, EARLIEST), LATEST).astimezone(UTC)
