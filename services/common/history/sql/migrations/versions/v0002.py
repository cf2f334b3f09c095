"""The tables of the notifier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables, in the form that this version has for ever."""
    op.create_table(
        "notifications",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("event_key", _TEXT, nullable=False),
        sa.Column("channel", _TEXT, nullable=False),
        sa.Column("rule", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("text", _TEXT, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("pair", _TEXT, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.UniqueConstraint("event_key", "channel", name="notifications_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "briefs",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("text", _TEXT, nullable=False),
        sa.Column("html", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("kind", "day", name="briefs_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "price_alerts",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("alert_id", _TEXT, nullable=False),
        sa.Column("pair", _TEXT, nullable=False),
        sa.Column("side", _TEXT, nullable=False),
        sa.Column("price", sa.Float(53), nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=True),
        sa.UniqueConstraint("alert_id", name="price_alerts_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mutes",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("what", _TEXT, nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("what", "value", name="mutes_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "controls",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("who", _TEXT, nullable=False),
        sa.Column("command", _TEXT, nullable=False),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("chat", _TEXT, nullable=False),
        sa.UniqueConstraint("at", "who", "command", name="controls_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("notifications_by_at", "notifications", ["at", "id"])
    op.create_index("notifications_by_state", "notifications", ["state", "at", "id"])
    op.create_index("briefs_by_at", "briefs", ["at", "id"])
    op.create_index("price_alerts_by_told", "price_alerts", ["told_at"])
    op.create_index("mutes_by_until", "mutes", ["until"])
    op.create_index("controls_by_at", "controls", ["at", "id"])
