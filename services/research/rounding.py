"""Rounds the figures of a report for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def rounded(value: Any, places: int) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return the value with every float in it rounded and every tuple converted to a list."""
    match value:
        case float():
            return round(value, places)
        case Mapping():
            return {name: rounded(each, places) for name, each in value.items()}
        case list() | tuple():
            return [rounded(each, places) for each in value]
    return value
