"""Reads the messages of history_queue into rows of the history."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.common.errors import NeverWorks
from services.common.history.from_messages import article_row, candle_row, scoring_row
from services.common.history.rows import ArticleRow, CandleRow, ScoringRow
from services.common.message_fields import Message
from services.common.messages import MarketData, NewsArticle, NewsScored, decode

MessageRow = ArticleRow | ScoringRow | CandleRow

_KINDS: dict[str, tuple[type[Message], Callable[[Any, datetime], MessageRow]]] = {
    "news_article": (NewsArticle, article_row),
    "news_scored": (NewsScored, scoring_row),
    "market_data": (MarketData, candle_row),
}
_BEGINNINGS = {f'{{"type":"{kind}"'.encode(): kind for kind in _KINDS}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that can never be recorded, and why."""

    reason: str


def read(body: bytes, now: datetime) -> MessageRow | Unreadable:
    """Read a message. Never raises, whatever the message contains.

    Args:
        body: JSON whose field `type` names the kind of message. Without this field, the first kind that fits is taken.
        now: when the row is recorded.
    """
    kinds = [kind] if (kind := _kind_of(body)) else list(_KINDS)
    problems = []
    for name in kinds:
        if name not in _KINDS:
            return Unreadable(f"messages of the type {name[:60]!r} are not recorded")
        model, row_of = _KINDS[name]
        try:
            return row_of(decode(body, model), now)
        except NeverWorks as error:
            problems.append(str(error))
    return Unreadable(problems[0])


def _kind_of(body: bytes) -> str:
    """The type that a message names; empty if it names none. What we write ourselves begins with the type."""
    for beginning, kind in _BEGINNINGS.items():
        if body.startswith(beginning):
            return kind
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    named = content.get("type") if isinstance(content, dict) else None
    return named if isinstance(named, str) else ""
