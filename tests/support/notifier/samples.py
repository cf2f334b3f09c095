"""Happenings and notices, with few fields to name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.notifier.happening import Happening, Importance, Kind
from services.notifier.message import Message
from services.notifier.notice import Notice

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def happening(key: str = "story:1", kind: Kind = Kind.STORY, **more: Any) -> Happening:
    """A story about BTC, told by the Wire."""
    fields: dict[str, Any] = {"at": NOW, "message": Message(f"Title of {key}", ("A line.",))}
    if kind is Kind.STORY:
        fields |= {"pairs": ("BTC/USDT",), "sources": ("Wire",), "score": 0.8, "event_type": "adoption"}
    return Happening(**{**fields, "key": key, "kind": kind, **more})


def notice(key: str = "story:1", importance: Importance = Importance.NOTABLE, **more: Any) -> Notice:
    """A notice of such a story for the channel `phone`."""
    fields: dict[str, Any] = {
        "channel": "phone",
        "rule": "news",
        "kind": Kind.STORY,
        "made": NOW,
        "happened": NOW,
        "message": Message(f"Title of {key}", ("A line.",)),
    }
    return Notice(**{**fields, "event_key": key, "importance": importance, **more})
