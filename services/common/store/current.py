"""What is read from the hash of a pair's newest signal, which others may have written as the specification has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime


def published_at(fields: Mapping[str, str]) -> datetime:
    """When the signal was published, in UTC; where that is not said, when it was analyzed.

    A time without an offset is UTC.

    Raises:
        ValueError: it says neither, or not as a time.
    """
    moment = datetime.fromisoformat(fields.get("published") or fields.get("timestamp", ""))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
