"""Reads the hash of a pair's newest signal; any program that follows the specification may have written the hash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime


def published_at(fields: Mapping[str, str]) -> datetime:
    """The time in UTC when the signal was published or, if that field is missing, when it was analyzed.

    A time without an offset is in UTC.

    Raises:
        ValueError: both fields are missing, or the field that is used is not a time.
    """
    moment = datetime.fromisoformat(fields.get("published") or fields.get("timestamp", ""))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
