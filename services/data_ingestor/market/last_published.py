"""Stores the last published candle of each pair, so that it is known after a restart.

A candle is recorded only after the broker has confirmed it. After a crash between the confirmation and the record,
the candle is published again with the same message id; no candle is lost.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import structlog

from services.common.sqlite import Schema, UnknownFileError, open_database, reaction_to

log = structlog.get_logger(__name__)

FILE_NAME = "market_streamer.sqlite3"

_TABLE = """
CREATE TABLE IF NOT EXISTS last_published (
    exchange TEXT NOT NULL, pair TEXT NOT NULL, timeframe TEXT NOT NULL, open_ms INTEGER NOT NULL,
    PRIMARY KEY (exchange, pair, timeframe)
)
"""
_SCHEMA = Schema([[_TABLE]])
_BUSY_SECONDS = 5.0


class CandleMemory:
    """The record of the last published candles, in a small SQLite file in `folder`. May be used from any thread.

    Raises:
        StopProgram: the folder or the file cannot be written.
        TryLater: another process locks the file, or the disk is full.
    """

    def __init__(self, folder: Path, exchange: str, timeframe: str) -> None:
        self._key = (exchange, timeframe)
        self._lock = threading.Lock()
        path = folder / FILE_NAME
        try:
            self._db = _open(path)
        except sqlite3.Error as error:
            raise reaction_to(error, path, "the last candles that were published") from error

    def last(self, pair: str) -> int | None:
        """Return the open time in milliseconds of the pair's last published candle; None if there is no record."""
        with self._lock:
            row = self._db.execute(
                "SELECT open_ms FROM last_published WHERE exchange = ? AND timeframe = ? AND pair = ?",
                (*self._key, pair),
            ).fetchone()
        return None if row is None else int(row[0])

    def remember(self, pair: str, open_ms: int) -> None:
        """Store the last published candle of the pair.

        Raises:
            sqlite3.Error: the disk is full or the file is missing; the previous record is kept.
        """
        with self._lock:
            self._db.execute(
                "INSERT INTO last_published (exchange, timeframe, pair, open_ms) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET open_ms = excluded.open_ms",
                (*self._key, pair, open_ms),
            )

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._db.close()


def _open(path: Path) -> sqlite3.Connection:
    """Open the file. A damaged file is renamed and replaced; at most one candle of each pair is lost thereby."""
    try:
        return open_database(path, _SCHEMA, busy_seconds=_BUSY_SECONDS)
    except (sqlite3.OperationalError, UnknownFileError):
        raise
    except sqlite3.DatabaseError as error:
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        log.error(  # noqa: TRY400 - what to know is in the line; the trace would add nothing
            "candle_memory_damaged", error=str(error), set_aside=str(aside), next="beginning anew"
        )
        return open_database(path, _SCHEMA, busy_seconds=_BUSY_SECONDS)
