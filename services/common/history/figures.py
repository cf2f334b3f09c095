"""Defines what readers ask of many rows at once: the outcomes of signals, the times of articles, single candles."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol

from services.common.history.rows import CandleRow, SignalRow


class Measured(NamedTuple):
    """A signal with its outcome over one horizon; `change` and `control` are ratios, see `OutcomeRow`."""

    article_id: str
    pair: str
    model: str
    revision: int
    available_at: datetime
    score: float
    label: str
    kind: str
    scope: str
    source: str
    symbol: str
    entered: datetime
    change: float
    control: float | None


class ArticleTimes(NamedTuple):
    """When an article was published and fetched."""

    article_id: str
    source: str
    owner: str
    published: datetime
    fetched: datetime


class ScoringHead(NamedTuple):
    """How the processing of an article ended, and its story."""

    article_id: str
    outcome: str
    story: str
    scored: datetime


class FigureReader(Protocol):
    """Reads narrow rows of a whole period, as many as `limit` and the newest of them. Raises as `HistoryReader`."""

    def measured(
        self, horizon: int, since: datetime, until: datetime, *, pairs: Collection[str] = (), limit: int
    ) -> list[Measured]:
        """Signals with `since` <= available_at < `until` that have a return over `horizon` hours, newest first."""
        ...

    def unmeasured(
        self, horizon: int, since: datetime, until: datetime, *, limit: int, after: int | None = None
    ) -> tuple[list[SignalRow], int | None]:
        """Signals with `since` <= available_at < `until` without a row among the outcomes of that horizon.

        Returns:
            The signals, in the order in which they were recorded, and the position to go on after; None at the end.
        """
        ...

    def candles_at(
        self, symbol: str, timeframe: str, opened: Collection[datetime]
    ) -> dict[datetime, CandleRow]:
        """Those candles that opened at these instants, each in its last version."""
        ...

    def newest_candles(self, until: datetime) -> dict[tuple[str, str], CandleRow]:
        """The last candle with opened < `until` of each symbol and timeframe that has one."""
        ...

    def article_times(self, since: datetime, *, limit: int) -> list[ArticleTimes]:
        """The articles with fetched >= `since`, newest first."""
        ...

    def scoring_heads(self, since: datetime, *, limit: int) -> list[ScoringHead]:
        """The scorings with scored >= `since`, newest first."""
        ...

    def last_articles(self) -> list[ArticleTimes]:
        """The article of each source that was fetched last."""
        ...

    def articles_beginning(self, prefix: str, *, limit: int) -> list[str]:
        """The ids of articles that begin with a text, in the order of the ids."""
        ...
