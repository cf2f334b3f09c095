"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables, in the form that this version has for ever."""
    op.create_table(
        "articles",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("article_id", _TEXT, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("owner", _TEXT, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("link", _TEXT, nullable=False),
        sa.Column("summary", _TEXT, nullable=False),
        sa.Column("content", _TEXT, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("fetched", sa.BigInteger, nullable=False),
        sa.Column("weight", sa.Float(53), nullable=False),
        sa.Column("hidden_text", sa.Boolean, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("article_id", name="articles_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scorings",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("article_id", _TEXT, nullable=False),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("story", _TEXT, nullable=False),
        sa.Column("suspicions", sa.Text, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("prompt_version", sa.Integer, nullable=True),
        sa.Column("answer", _TEXT, nullable=False),
        sa.Column("tokens", _NUMBER, nullable=True),
        sa.Column("latency", sa.Float(53), nullable=True),
        sa.Column("scored", sa.BigInteger, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("article_id", "scored", name="scorings_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "signals",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("article_id", _TEXT, nullable=False),
        sa.Column("pair", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("headline", _TEXT, nullable=False),
        sa.Column("sentiment_score", sa.Float(53), nullable=False),
        sa.Column("sentiment_label", _TEXT, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("analyzed_at", sa.BigInteger, nullable=False),
        sa.Column("available_at", sa.BigInteger, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.Column("confidence", sa.Float(53), nullable=False),
        sa.Column("rationale", _TEXT, nullable=False),
        sa.Column("scope", _TEXT, nullable=False),
        sa.Column("degraded", sa.Boolean, nullable=False),
        sa.Column("event_type", _TEXT, nullable=False),
        sa.Column("corroboration", sa.Integer, nullable=False),
        sa.Column("weight", sa.Float(53), nullable=False),
        sa.Column("owner", _TEXT, nullable=False),
        sa.Column("suspected", sa.Boolean, nullable=False),
        sa.UniqueConstraint("article_id", "pair", "model", "revision", name="signals_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "candles",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("symbol", _TEXT, nullable=False),
        sa.Column("timeframe", _TEXT, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("open", sa.Float(53), nullable=False),
        sa.Column("high", sa.Float(53), nullable=False),
        sa.Column("low", sa.Float(53), nullable=False),
        sa.Column("close", sa.Float(53), nullable=False),
        sa.Column("volume", sa.Float(53), nullable=False),
        sa.Column("collected", sa.BigInteger, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("symbol", "timeframe", "opened", "collected", name="candles_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "trades",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("bot", _TEXT, nullable=False),
        sa.Column("trade_id", _NUMBER, nullable=False),
        sa.Column("pair", _TEXT, nullable=False),
        sa.Column("is_short", sa.Boolean, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.BigInteger, nullable=True),
        sa.Column("open_rate", sa.Float(53), nullable=True),
        sa.Column("close_rate", sa.Float(53), nullable=True),
        sa.Column("stake", sa.Float(53), nullable=True),
        sa.Column("profit_ratio", sa.Float(53), nullable=True),
        sa.Column("profit_abs", sa.Float(53), nullable=True),
        sa.Column("enter_tag", _TEXT, nullable=False),
        sa.Column("exit_reason", _TEXT, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("bot", "trade_id", name="trades_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "analysed",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("pair", _TEXT, nullable=False),
        sa.Column("timeframe", _TEXT, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("values", sa.Text, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("pair", "timeframe", "opened", name="analysed_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "holds",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("owner", _TEXT, nullable=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=True),
        sa.Column("until", sa.BigInteger, nullable=True),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("owner", "action", "seen", name="holds_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outcomes",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("article_id", _TEXT, nullable=False),
        sa.Column("pair", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("horizon", sa.Integer, nullable=False),
        sa.Column("available_at", sa.BigInteger, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=True),
        sa.Column("entry_price", sa.Float(53), nullable=True),
        sa.Column("exit_price", sa.Float(53), nullable=True),
        sa.Column("change", sa.Float(53), nullable=True),
        sa.Column("symbol", _TEXT, nullable=False),
        sa.Column("timeframe", _TEXT, nullable=False),
        sa.Column("control", sa.Float(53), nullable=True),
        sa.Column("controls", sa.Integer, nullable=False),
        sa.UniqueConstraint("article_id", "pair", "model", "revision", "horizon", name="outcomes_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "events",
        sa.Column("seq", _NUMBER, primary_key=True),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("pair", _TEXT, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("row", _NUMBER, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cursors",
        sa.Column("name", _TEXT, primary_key=True),
        sa.Column("position", _TEXT, nullable=False),
    )
    op.create_table(
        "summaries",
        sa.Column("name", _TEXT, primary_key=True),
        sa.Column("computed", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("articles_by_fetched", "articles", ["fetched", "id"])
    op.create_index("articles_by_recorded", "articles", ["recorded"])
    op.create_index("articles_by_source", "articles", ["source", "fetched", "id"])
    op.create_index("scorings_by_outcome", "scorings", ["outcome", "scored", "id"])
    op.create_index("scorings_by_recorded", "scorings", ["recorded"])
    op.create_index("scorings_by_scored", "scorings", ["scored", "id"])
    op.create_index("scorings_by_story", "scorings", ["story", "scored", "id"])
    op.create_index("signals_by_available", "signals", ["available_at", "id"])
    op.create_index("signals_by_event_type", "signals", ["event_type", "available_at", "id"])
    op.create_index("signals_by_model", "signals", ["model", "available_at", "id"])
    op.create_index("signals_by_pair", "signals", ["pair", "available_at", "id"])
    op.create_index("signals_by_pair_and_event_type", "signals", ["pair", "event_type", "available_at", "id"])
    op.create_index("signals_by_scope", "signals", ["scope", "available_at", "id"])
    op.create_index("signals_by_recorded", "signals", ["recorded"])
    op.create_index("signals_by_source", "signals", ["source", "available_at", "id"])
    op.create_index("candles_by_recorded", "candles", ["recorded"])
    op.create_index("trades_by_id", "trades", ["trade_id"])
    op.create_index("trades_by_opened", "trades", ["opened", "id"])
    op.create_index("trades_by_pair", "trades", ["pair", "opened", "id"])
    op.create_index("analysed_by_opened", "analysed", ["pair", "opened", "id"])
    op.create_index("analysed_by_seen", "analysed", ["seen"])
    op.create_index("holds_by_seen", "holds", ["seen", "id"])
    op.create_index("outcomes_by_available", "outcomes", ["available_at", "id"])
    op.create_index("outcomes_by_horizon", "outcomes", ["horizon", "available_at", "id"])
    op.create_index("events_by_at", "events", ["at"])
