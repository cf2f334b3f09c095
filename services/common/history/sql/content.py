"""Keeps what a bot has seen apart from what was scored of an archive."""

from __future__ import annotations

from sqlalchemy import Connection, select

from services.common.errors import StopProgram
from services.common.history.sql.inserts import put
from services.common.history.sql.schema import tables

CONTENT = "content"
"""The name of the cursor that says what a history has: `scored` of an archive, or none for that of a running system."""
SCORED = "scored"
_SEEN = (tables.articles, tables.signals, tables.candles, tables.trades, tables.analysed, tables.holds)


def refuse_mixture(connection: Connection, place: str, *, scored: bool) -> None:
    """Mark an empty history as one of an archive if `scored`.

    Raises:
        StopProgram: the history has content of the other kind.
    """
    is_scored = (
        connection.scalar(select(tables.cursors.c.position).where(tables.cursors.c.name == CONTENT)) == SCORED
    )
    if is_scored == scored:
        return
    if is_scored:
        raise StopProgram(
            f"the history in {place} was scored of an archive, and no bot has seen it: set HISTORY_URL to another one"
        )
    if any(connection.execute(select(table).limit(1)).first() for table in _SEEN):
        raise StopProgram(
            f"the history in {place} is that of a running system: set HISTORY_URL to another one for what is scored, "
            "such as sqlite:///scored.sqlite"
        )
    put(connection, tables.cursors, {"name": CONTENT, "position": SCORED})
