"""What readers of the history are asked for, and the pages that they answer with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from services.common.history.rows import EventRow, Kind, Row

DEFAULT_LIMIT = 50
MAX_LIMIT = 1_000
"""The largest number of rows in one page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list. `next` is the cursor of the page after this one; None at the end of the list."""

    rows: tuple[T, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """Which articles a list has. Empty collections and None select all; `since` <= fetched < `until`."""

    sources: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringFilter:
    """Which scorings a list has; `since` <= scored < `until`."""

    articles: Collection[str] = ()
    stories: Collection[str] = ()
    outcomes: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFilter:
    """Which signals a list has; `since` <= available_at < `until`, `least` <= sentiment_score <= `most`."""

    articles: Collection[str] = ()
    pairs: Collection[str] = ()
    sources: Collection[str] = ()
    event_types: Collection[str] = ()
    models: Collection[str] = ()
    scope: str | None = None
    least: float | None = None
    most: float | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeFilter:
    """Which trades a list has; `since` <= opened < `until`. `is_open` None selects open and closed ones."""

    bots: Collection[str] = ()
    pairs: Collection[str] = ()
    is_open: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which changes are read."""

    kinds: Collection[Kind] = ()
    pairs: Collection[str] = ()
    sources: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the change feed with its row; `row` is None if the row is no longer kept."""

    event: EventRow
    row: Row | None
