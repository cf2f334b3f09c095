"""The tables of what the recorder writes, as the newest migration leaves them.

Each table of a list has a number of its own (`id`), which orders rows with the same instant. The key by which a row is
recognized when it is written again is a unique constraint.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from services.common.history.sql.schema.columns import (
    Json,
    Number,
    Written,
    instant,
    metadata,
    numbered,
    real,
    written,
)

NEWEST_VERSION = "0002"
"""The version of the schema that this program knows: the revision of the newest migration."""

articles = Table(
    "articles",
    metadata,
    numbered(),
    written("article_id"),
    written("source"),
    written("owner"),
    written("title"),
    written("link"),
    written("summary"),
    written("content"),
    instant("published"),
    instant("fetched"),
    real("weight"),
    Column("hidden_text", Boolean, nullable=False),
    instant("recorded"),
    UniqueConstraint("article_id", name="articles_key"),
    Index("articles_by_fetched", "fetched", "id"),
    Index("articles_by_source", "source", "fetched", "id"),
    Index("articles_by_recorded", "recorded"),
    sqlite_autoincrement=True,
)

scorings = Table(
    "scorings",
    metadata,
    numbered(),
    written("article_id"),
    written("outcome"),
    written("reason"),
    written("story"),
    Column("suspicions", Json, nullable=False),
    written("model"),
    written("digest"),
    Column("prompt_version", Integer, nullable=True),
    written("answer"),
    Column("tokens", Number, nullable=True),
    real("latency", nullable=True),
    instant("scored"),
    instant("recorded"),
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
    numbered(),
    written("article_id"),
    written("pair"),
    written("model"),
    Column("revision", Integer, nullable=False),
    written("source"),
    written("headline"),
    real("sentiment_score"),
    written("sentiment_label"),
    instant("published"),
    instant("analyzed_at"),
    instant("available_at"),
    instant("recorded"),
    real("confidence"),
    written("rationale"),
    written("scope"),
    Column("degraded", Boolean, nullable=False),
    written("event_type"),
    Column("corroboration", Integer, nullable=False),
    real("weight"),
    written("owner"),
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
    numbered(),
    written("symbol"),
    written("timeframe"),
    instant("opened"),
    real("open"),
    real("high"),
    real("low"),
    real("close"),
    real("volume"),
    instant("collected"),
    instant("recorded"),
    UniqueConstraint("symbol", "timeframe", "opened", "collected", name="candles_key"),
    Index("candles_by_recorded", "recorded"),
    sqlite_autoincrement=True,
)

trades = Table(
    "trades",
    metadata,
    numbered(),
    written("bot"),
    Column("trade_id", Number, nullable=False),
    written("pair"),
    Column("is_short", Boolean, nullable=False),
    instant("opened"),
    instant("closed", nullable=True),
    real("open_rate", nullable=True),
    real("close_rate", nullable=True),
    real("stake", nullable=True),
    real("profit_ratio", nullable=True),
    real("profit_abs", nullable=True),
    written("enter_tag"),
    written("exit_reason"),
    Column("details", Json, nullable=False),
    instant("updated"),
    UniqueConstraint("bot", "trade_id", name="trades_key"),
    Index("trades_by_opened", "opened", "id"),
    Index("trades_by_pair", "pair", "opened", "id"),
    Index("trades_by_id", "trade_id"),
    sqlite_autoincrement=True,
)

analysed = Table(
    "analysed",
    metadata,
    numbered(),
    written("pair"),
    written("timeframe"),
    instant("opened"),
    Column("values", Json, nullable=False),
    instant("seen"),
    UniqueConstraint("pair", "timeframe", "opened", name="analysed_key"),
    Index("analysed_by_opened", "pair", "opened", "id"),
    Index("analysed_by_seen", "seen"),
    sqlite_autoincrement=True,
)

holds = Table(
    "holds",
    metadata,
    numbered(),
    written("owner"),
    written("action"),
    written("reason"),
    instant("since", nullable=True),
    instant("until", nullable=True),
    instant("seen"),
    UniqueConstraint("owner", "action", "seen", name="holds_key"),
    Index("holds_by_seen", "seen", "id"),
    sqlite_autoincrement=True,
)

outcomes = Table(
    "outcomes",
    metadata,
    numbered(),
    written("article_id"),
    written("pair"),
    written("model"),
    Column("revision", Integer, nullable=False),
    Column("horizon", Integer, nullable=False),
    instant("available_at"),
    instant("entered", nullable=True),
    real("entry_price", nullable=True),
    real("exit_price", nullable=True),
    real("change", nullable=True),
    written("symbol"),
    written("timeframe"),
    real("control", nullable=True),
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
    written("kind"),
    written("key"),
    written("pair"),
    written("source"),
    instant("at"),
    Column("row", Number, nullable=False),
    Index("events_by_at", "at"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Written, primary_key=True),
    written("position"),
)

summaries = Table(
    "summaries",
    metadata,
    Column("name", Written, primary_key=True),
    instant("computed"),
    Column("body", Json, nullable=False),
)
