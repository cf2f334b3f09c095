"""The tables of the history, as the newest migration leaves them.

Each table of a list has a number of its own (`id`), which orders rows with the same instant. The key by which a row is
recognized when it is written again is a unique constraint.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, Table, UniqueConstraint

from services.common.history.sql.columns import Instant, Json, Number, Written

NEWEST_VERSION = "0001"
"""The version of the schema that this program knows: the revision of the newest migration."""

metadata = MetaData()


def _id() -> Column[Any]:
    return Column("id", Number, primary_key=True, autoincrement=True)


def _text(name: str) -> Column[Any]:
    return Column(name, Written, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Instant, nullable=nullable)


def _float(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Float(53), nullable=nullable)


articles = Table(
    "articles",
    metadata,
    _id(),
    _text("article_id"),
    _text("source"),
    _text("owner"),
    _text("title"),
    _text("link"),
    _text("summary"),
    _text("content"),
    _instant("published"),
    _instant("fetched"),
    _float("weight"),
    Column("hidden_text", Boolean, nullable=False),
    _instant("recorded"),
    UniqueConstraint("article_id", name="articles_key"),
    Index("articles_by_fetched", "fetched", "id"),
    Index("articles_by_source", "source", "fetched", "id"),
    Index("articles_by_recorded", "recorded"),
    sqlite_autoincrement=True,
)

scorings = Table(
    "scorings",
    metadata,
    _id(),
    _text("article_id"),
    _text("outcome"),
    _text("reason"),
    _text("story"),
    Column("suspicions", Json, nullable=False),
    _text("model"),
    _text("digest"),
    Column("prompt_version", Integer, nullable=True),
    _text("answer"),
    Column("tokens", Number, nullable=True),
    _float("latency", nullable=True),
    _instant("scored"),
    _instant("recorded"),
    UniqueConstraint("article_id", "scored", name="scorings_key"),
    Index("scorings_by_scored", "scored", "id"),
    Index("scorings_by_outcome", "outcome", "scored", "id"),
    Index("scorings_by_story", "story", "scored", "id"),
    Index("scorings_by_recorded", "recorded"),
    sqlite_autoincrement=True,
)

signals = Table(
    "signals",
    metadata,
    _id(),
    _text("article_id"),
    _text("pair"),
    _text("model"),
    Column("revision", Integer, nullable=False),
    _text("source"),
    _text("headline"),
    _float("sentiment_score"),
    _text("sentiment_label"),
    _instant("published"),
    _instant("analyzed_at"),
    _instant("available_at"),
    _instant("recorded"),
    _float("confidence"),
    _text("rationale"),
    _text("scope"),
    Column("degraded", Boolean, nullable=False),
    _text("event_type"),
    Column("corroboration", Integer, nullable=False),
    _float("weight"),
    _text("owner"),
    Column("suspected", Boolean, nullable=False),
    UniqueConstraint("article_id", "pair", "model", "revision", name="signals_key"),
    Index("signals_by_available", "available_at", "id"),
    Index("signals_by_pair", "pair", "available_at", "id"),
    Index("signals_by_source", "source", "available_at", "id"),
    Index("signals_by_event_type", "event_type", "available_at", "id"),
    Index("signals_by_model", "model", "available_at", "id"),
    Index("signals_by_pair_and_event_type", "pair", "event_type", "available_at", "id"),
    Index("signals_by_scope", "scope", "available_at", "id"),
    Index("signals_by_recorded", "recorded"),
    sqlite_autoincrement=True,
)

candles = Table(
    "candles",
    metadata,
    _id(),
    _text("symbol"),
    _text("timeframe"),
    _instant("opened"),
    _float("open"),
    _float("high"),
    _float("low"),
    _float("close"),
    _float("volume"),
    _instant("collected"),
    _instant("recorded"),
    UniqueConstraint("symbol", "timeframe", "opened", "collected", name="candles_key"),
    Index("candles_by_recorded", "recorded"),
    sqlite_autoincrement=True,
)

trades = Table(
    "trades",
    metadata,
    _id(),
    _text("bot"),
    Column("trade_id", Number, nullable=False),
    _text("pair"),
    Column("is_short", Boolean, nullable=False),
    _instant("opened"),
    _instant("closed", nullable=True),
    _float("open_rate", nullable=True),
    _float("close_rate", nullable=True),
    _float("stake", nullable=True),
    _float("profit_ratio", nullable=True),
    _float("profit_abs", nullable=True),
    _text("enter_tag"),
    _text("exit_reason"),
    Column("details", Json, nullable=False),
    _instant("updated"),
    UniqueConstraint("bot", "trade_id", name="trades_key"),
    Index("trades_by_opened", "opened", "id"),
    Index("trades_by_pair", "pair", "opened", "id"),
    Index("trades_by_id", "trade_id"),
    sqlite_autoincrement=True,
)

analysed = Table(
    "analysed",
    metadata,
    _id(),
    _text("pair"),
    _text("timeframe"),
    _instant("opened"),
    Column("values", Json, nullable=False),
    _instant("seen"),
    UniqueConstraint("pair", "timeframe", "opened", name="analysed_key"),
    Index("analysed_by_opened", "pair", "opened", "id"),
    Index("analysed_by_seen", "seen"),
    sqlite_autoincrement=True,
)

holds = Table(
    "holds",
    metadata,
    _id(),
    _text("owner"),
    _text("action"),
    _text("reason"),
    _instant("since", nullable=True),
    _instant("until", nullable=True),
    _instant("seen"),
    UniqueConstraint("owner", "action", "seen", name="holds_key"),
    Index("holds_by_seen", "seen", "id"),
    sqlite_autoincrement=True,
)

outcomes = Table(
    "outcomes",
    metadata,
    _id(),
    _text("article_id"),
    _text("pair"),
    _text("model"),
    Column("revision", Integer, nullable=False),
    Column("horizon", Integer, nullable=False),
    _instant("available_at"),
    _instant("entered", nullable=True),
    _float("entry_price", nullable=True),
    _float("exit_price", nullable=True),
    _float("change", nullable=True),
    _text("symbol"),
    _text("timeframe"),
    _float("control", nullable=True),
    Column("controls", Integer, nullable=False),
    UniqueConstraint("article_id", "pair", "model", "revision", "horizon", name="outcomes_key"),
    Index("outcomes_by_available", "available_at", "id"),
    Index("outcomes_by_horizon", "horizon", "available_at", "id"),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    _text("kind"),
    _text("key"),
    _text("pair"),
    _text("source"),
    _instant("at"),
    Column("row", Number, nullable=False),
    Index("events_by_at", "at"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Written, primary_key=True),
    _text("position"),
)

summaries = Table(
    "summaries",
    metadata,
    Column("name", Written, primary_key=True),
    _instant("computed"),
    Column("body", Json, nullable=False),
)
