"""Reads the lists of the history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from services.common.history.queries import (
    DEFAULT_LIMIT,
    ArticleFilter,
    Page,
    ScoringFilter,
    SignalFilter,
    TradeFilter,
)
from services.common.history.rows import (
    AnalysedRow,
    ArticleRow,
    CandleRow,
    HoldRow,
    OutcomeRow,
    ScoringRow,
    SignalRow,
    TradeRow,
)
from services.common.history.sql.questions import Questions
from services.common.history.sql.readers import (
    analysed,
    articles,
    candles,
    holds,
    outcomes,
    scorings,
    signals,
    trades,
)
from services.common.history.sql.schema.columns import to_us

T = TypeVar("T")
_BEFORE_ALL = -(2**61)


class Lists(Questions):
    """The lists of a `HistoryReader`."""

    def articles(
        self,
        which: ArticleFilter = ArticleFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[ArticleRow]:
        """Articles by `fetched`, newest first."""
        return self.ask(Page(), lambda db: articles.page(db, which, limit, after))

    def scorings(
        self,
        which: ScoringFilter = ScoringFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[ScoringRow]:
        """Scorings by `scored`, newest first."""
        return self.ask(Page(), lambda db: scorings.page(db, which, limit, after))

    def signals(
        self,
        which: SignalFilter = SignalFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[SignalRow]:
        """Signals by `available_at`, newest first, all revisions."""
        return self.ask(Page(), lambda db: signals.page(db, which, limit, after))

    def every_signal(
        self,
        which: SignalFilter = SignalFilter(),  # noqa: B008 - frozen
    ) -> Iterator[SignalRow]:
        """All signals by `available_at`, oldest first, read in many short transactions."""
        position = (_BEFORE_ALL if which.since is None else to_us(which.since) - 1, 0)
        empty: tuple[Sequence[SignalRow], tuple[int, int]] = ((), position)
        while True:
            rows, position = self.ask(empty, partial(signals.oldest_first, which=which, after=position))
            if not rows:
                return
            yield from rows

    def candles(
        self,
        symbol: str,
        timeframe: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        known_at: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[CandleRow]:
        """Candles by `opened`, oldest first, each in its last version collected by `known_at`."""
        return self.ask(
            Page(),
            lambda db: candles.page(
                db, symbol, timeframe, since=since, until=until, known_at=known_at, limit=limit, after=after
            ),
        )

    def trades(
        self,
        which: TradeFilter = TradeFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[TradeRow]:
        """Trades by `opened`, newest first."""
        return self.ask(Page(), lambda db: trades.page(db, which, limit, after))

    def analysed(
        self,
        pair: str,
        timeframe: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[AnalysedRow]:
        """Analysed rows of a pair by `opened`, newest first."""
        return self.ask(
            Page(),
            lambda db: analysed.page(db, pair, timeframe, since=since, until=until, limit=limit, after=after),
        )

    def holds(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[HoldRow]:
        """Holds by `seen`, newest first."""
        return self.ask(Page(), lambda db: holds.page(db, since=since, until=until, limit=limit, after=after))

    def outcomes(
        self,
        *,
        horizon: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[OutcomeRow]:
        """Outcomes by `available_at`, newest first."""
        return self.ask(
            Page(),
            lambda db: outcomes.page(db, horizon=horizon, since=since, until=until, limit=limit, after=after),
        )
