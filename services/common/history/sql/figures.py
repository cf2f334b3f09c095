"""The part of the reader that reads narrow rows of whole periods."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from services.common.history.figures import ArticleTimes, Measured, ScoringHead
from services.common.history.rows import CandleRow, SignalRow
from services.common.history.sql.questions import Questions
from services.common.history.sql.readers import candles, figures


class Figures(Questions):
    """The methods of a `FigureReader`."""

    def measured(
        self, horizon: int, since: datetime, until: datetime, *, pairs: Collection[str] = (), limit: int
    ) -> list[Measured]:
        """Signals that have a return over `horizon` hours, newest first."""
        return self.ask(
            [],
            lambda db: figures.measured(db, horizon, since=since, until=until, pairs=pairs, limit=limit),
        )

    def unmeasured(
        self, horizon: int, since: datetime, until: datetime, *, limit: int, after: int | None = None
    ) -> tuple[list[SignalRow], int | None]:
        """Signals without a row among the outcomes of that horizon."""
        empty: tuple[list[SignalRow], int | None] = ([], None)
        return self.ask(
            empty,
            lambda db: figures.unmeasured(db, horizon, since=since, until=until, limit=limit, after=after),
        )

    def candles_at(
        self, symbol: str, timeframe: str, opened: Collection[datetime]
    ) -> dict[datetime, CandleRow]:
        """Those candles that opened at these instants, each in its last version."""
        return self.ask({}, lambda db: figures.candles_at(db, symbol, timeframe, opened))

    def newest_candles(self, until: datetime) -> dict[tuple[str, str], CandleRow]:
        """The last candle with opened < `until` of each symbol and timeframe that has one."""
        return self.ask({}, lambda db: candles.newest(db, until))

    def article_times(self, since: datetime, *, limit: int) -> list[ArticleTimes]:
        """The articles with fetched >= `since`, newest first."""
        return self.ask([], lambda db: figures.article_times(db, since, limit))

    def scoring_heads(self, since: datetime, *, limit: int) -> list[ScoringHead]:
        """The scorings with scored >= `since`, newest first."""
        return self.ask([], lambda db: figures.scoring_heads(db, since, limit))

    def last_articles(self) -> list[ArticleTimes]:
        """The article of each source that was fetched last."""
        return self.ask([], figures.last_articles)

    def articles_beginning(self, prefix: str, *, limit: int) -> list[str]:
        """The ids of articles that begin with a text, in the order of the ids."""
        return self.ask([], lambda db: figures.articles_beginning(db, prefix, limit))
