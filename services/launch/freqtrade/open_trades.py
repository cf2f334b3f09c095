"""The trades that Freqtrade left open, read from its database before it starts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def open_pairs(database: Path) -> frozenset[str] | None:
    """The pairs with an open trade; an empty set if there is no database yet.

    Returns:
        None if the database cannot be read, because trades may then be open.
    """
    if not database.exists():
        return frozenset()
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'trades'").fetchall()
            rows = connection.execute("SELECT DISTINCT pair FROM trades WHERE is_open") if tables else ()
            return frozenset(str(pair) for (pair,) in rows)
    except sqlite3.Error:
        return None
