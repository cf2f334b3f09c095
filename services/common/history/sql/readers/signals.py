"""Reads signals."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, literal, select, tuple_

from services.common.history.queries import MAX_LIMIT, Page, SignalFilter
from services.common.history.rows import SignalRow
from services.common.history.sql.mapping import signal_of
from services.common.history.sql.readers.conditions import Condition, alternatives, between
from services.common.history.sql.readers.paging import NewestFirst
from services.common.history.sql.schema.columns import as_number, to_us
from services.common.history.sql.schema.tables import signals

_LIST = NewestFirst(signals, "available_at", signal_of)


def page(connection: Connection, which: SignalFilter, limit: int, after: str | None) -> Page[SignalRow]:
    """Return a page of signals by `available_at`, newest first."""
    return _LIST.page(connection, _conditions(which), limit, after, _by_score(which))


def oldest_first(
    connection: Connection, which: SignalFilter, after: tuple[int, int]
) -> tuple[Sequence[SignalRow], tuple[int, int]]:
    """Return the next signals by `available_at` after this position, and the position after them."""
    order = (signals.c.available_at, signals.c.id)
    position = tuple_(literal(after[0], BigInteger), literal(after[1], BigInteger))
    later = tuple_(as_number(signals.c.available_at), signals.c.id) > position
    statement = select(signals).where(later).order_by(*order).limit(MAX_LIMIT)
    found = sorted(
        (
            line
            for each in _conditions(which)
            for line in connection.execute(statement.where(*each, *_by_score(which)))
        ),
        key=lambda line: (line.available_at, line.id),
    )[:MAX_LIMIT]
    if not found:
        return (), after
    return [signal_of(line) for line in found], (to_us(found[-1].available_at), found[-1].id)


def _conditions(which: SignalFilter) -> list[list[Condition]]:
    columns = signals.c
    chosen = [
        (columns.article_id, which.articles),
        (columns.pair, which.pairs),
        (columns.source, which.sources),
        (columns.event_type, which.event_types),
        (columns.model, which.models),
    ]
    others = list(between(columns.available_at, which.since, which.until))
    if which.scope is not None:
        others.append(columns.scope == which.scope)
    return alternatives(chosen, others)


def _by_score(which: SignalFilter) -> list[Condition]:
    score = signals.c.sentiment_score
    least = [] if which.least is None else [score >= which.least]
    return least if which.most is None else [*least, score <= which.most]
