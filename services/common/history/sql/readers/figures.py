"""Reads narrow rows of many articles, scorings, signals and candles."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, select

from services.common.history.figures import ArticleTimes, Measured, ScoringHead
from services.common.history.rows import CandleRow, SignalRow
from services.common.history.sql.mapping import candle_of, signal_of
from services.common.history.sql.schema.tables import articles, candles, outcomes, scorings, signals

_AT_ONCE = 500
_KEY = ("article_id", "pair", "model", "revision")


def measured(
    connection: Connection,
    horizon: int,
    *,
    since: datetime,
    until: datetime,
    pairs: Collection[str],
    limit: int,
) -> list[Measured]:
    """Return signals with their returns over one horizon, newest first."""
    found, signal = outcomes.c, signals.c
    statement = (
        select(
            found.article_id,
            found.pair,
            found.model,
            found.revision,
            found.available_at,
            signal.sentiment_score,
            signal.sentiment_label,
            signal.event_type,
            signal.scope,
            signal.source,
            found.symbol,
            found.entered,
            found.change,
            found.control,
        )
        .join(signals, and_(*(found[name] == signal[name] for name in _KEY)))
        .where(found.horizon == horizon, found.available_at >= since, found.available_at < until)
        .where(found.change.is_not(None), found.entered.is_not(None))
        .order_by(found.available_at.desc(), found.id.desc())
        .limit(limit)
    )
    if pairs:
        statement = statement.where(found.pair.in_(list(pairs)))
    return [Measured._make(line) for line in connection.execute(statement)]


def unmeasured(
    connection: Connection, horizon: int, *, since: datetime, until: datetime, limit: int, after: int | None
) -> tuple[list[SignalRow], int | None]:
    """Return signals without an outcome, in the order of their numbers, and the number to go on after."""
    has_outcome = exists().where(
        *(outcomes.c[name] == signals.c[name] for name in _KEY), outcomes.c.horizon == horizon
    )
    statement = (
        select(signals)
        .where(signals.c.available_at >= since, signals.c.available_at < until, ~has_outcome)
        .order_by(signals.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(signals.c.id > after)
    lines = connection.execute(statement).all()
    return list(map(signal_of, lines)), lines[-1].id if len(lines) == limit else None


def candles_at(
    connection: Connection, symbol: str, timeframe: str, opened: Collection[datetime]
) -> dict[datetime, CandleRow]:
    """Return the last version of each of these candles, by its opening."""
    columns = candles.c
    found: dict[datetime, CandleRow] = {}
    for some in _some(sorted(set(opened))):
        statement = (
            select(candles)
            .where(columns.symbol == symbol, columns.timeframe == timeframe, columns.opened.in_(some))
            .order_by(columns.collected)
        )
        found.update((row.opened, row) for row in map(candle_of, connection.execute(statement)))
    return found


def _some(instants: Sequence[datetime]) -> list[list[datetime]]:
    return [list(instants[start : start + _AT_ONCE]) for start in range(0, len(instants), _AT_ONCE)]


def article_times(connection: Connection, since: datetime, limit: int) -> list[ArticleTimes]:
    """Return when articles were published and fetched, newest first."""
    columns = articles.c
    statement = (
        select(columns.article_id, columns.source, columns.owner, columns.published, columns.fetched)
        .where(columns.fetched >= since)
        .order_by(columns.fetched.desc())
        .limit(limit)
    )
    return [ArticleTimes._make(line) for line in connection.execute(statement)]


def scoring_heads(connection: Connection, since: datetime, limit: int) -> list[ScoringHead]:
    """Return how articles ended, newest first."""
    columns = scorings.c
    statement = (
        select(columns.article_id, columns.outcome, columns.story, columns.scored)
        .where(columns.scored >= since)
        .order_by(columns.scored.desc())
        .limit(limit)
    )
    return [ScoringHead._make(line) for line in connection.execute(statement)]


def last_articles(connection: Connection) -> list[ArticleTimes]:
    """Return the article of each source that was fetched last. Each source costs one look into the index."""
    columns = articles.c
    source = connection.scalar(select(func.min(columns.source)))
    found = []
    while source is not None:
        newest = (
            select(columns.article_id, columns.source, columns.owner, columns.published, columns.fetched)
            .where(columns.source == source)
            .order_by(columns.fetched.desc(), columns.id.desc())
            .limit(1)
        )
        found += [ArticleTimes._make(line) for line in connection.execute(newest)]
        source = connection.scalar(select(func.min(columns.source)).where(columns.source > source))
    return found


def articles_beginning(connection: Connection, prefix: str, limit: int) -> list[str]:
    """Return the ids of articles that begin with a text."""
    column = articles.c.article_id
    end = prefix + chr(sys.maxunicode)
    statement = select(column).where(column >= prefix, column < end).order_by(column).limit(limit)
    return list(connection.scalars(statement))
