"""Reads the hash of a pair's newest signal. Programs that only know the specification may have written it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime


def published_at(fields: Mapping[str, str]) -> datetime:
    """When the signal was published, in UTC; without that field, when it was analyzed.

    A time without an offset is UTC.

    Raises:
        ValueError: neither field is there, or it is not a time.
    """
    moment = datetime.fromisoformat(fields.get("published") or fields.get("timestamp", ""))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
