"""The tables of what the notifier writes, as the newest migration leaves them: see `tables`."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Table, UniqueConstraint

from services.common.history.sql.schema.columns import Json, instant, metadata, numbered, real, written

notifications = Table(
    "notifications",
    metadata,
    numbered(),
    written("event_key"),
    written("channel"),
    written("rule"),
    written("state"),
    written("title"),
    written("text"),
    instant("made"),
    instant("at"),
    written("kind"),
    written("pair"),
    written("source"),
    written("reason"),
    Column("details", Json, nullable=False),
    UniqueConstraint("event_key", "channel", name="notifications_key"),
    Index("notifications_by_at", "at", "id"),
    Index("notifications_by_state", "state", "at", "id"),
    sqlite_autoincrement=True,
)

briefs = Table(
    "briefs",
    metadata,
    numbered(),
    written("kind"),
    Column("day", Date, nullable=False),
    Column("body", Json, nullable=False),
    written("text"),
    written("html"),
    instant("at"),
    UniqueConstraint("kind", "day", name="briefs_key"),
    Index("briefs_by_at", "at", "id"),
    sqlite_autoincrement=True,
)

price_alerts = Table(
    "price_alerts",
    metadata,
    numbered(),
    written("alert_id"),
    written("pair"),
    written("side"),
    real("price"),
    written("by"),
    instant("set_at"),
    instant("told_at", nullable=True),
    UniqueConstraint("alert_id", name="price_alerts_key"),
    Index("price_alerts_by_told", "told_at"),
    sqlite_autoincrement=True,
)

mutes = Table(
    "mutes",
    metadata,
    numbered(),
    written("what"),
    written("value"),
    instant("until"),
    written("by"),
    instant("at"),
    UniqueConstraint("what", "value", name="mutes_key"),
    Index("mutes_by_until", "until"),
    sqlite_autoincrement=True,
)

controls = Table(
    "controls",
    metadata,
    numbered(),
    written("who"),
    written("command"),
    written("outcome"),
    instant("at"),
    written("chat"),
    UniqueConstraint("at", "who", "command", name="controls_key"),
    Index("controls_by_at", "at", "id"),
    sqlite_autoincrement=True,
)
