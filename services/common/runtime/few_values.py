"""Limits the number of different values of a label of metrics."""

from __future__ import annotations

OTHER = "other"
MOST_VALUES = 200
_seen: dict[str, set[str]] = {}


def few(label: str, value: str) -> str:
    """Return `value`, or `other` if it is new and the label already has `MOST_VALUES` different values."""
    known = _seen.setdefault(label, set())
    if value not in known:
        if len(known) >= MOST_VALUES:
            return OTHER
        known.add(value)
    return value
