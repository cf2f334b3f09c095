"""The trades that a bot left open, read from a database as Freqtrade makes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from services.launch.freqtrade.open_trades import open_pairs


def database(path: Path, *rows: tuple[str, bool]) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE trades (pair VARCHAR(25), is_open BOOLEAN)")
        connection.executemany("INSERT INTO trades VALUES (?, ?)", rows)
    return path


def test_the_pairs_of_open_trades_are_found_each_once(tmp_path: Path) -> None:
    rows = (("BTC/USDT", True), ("BTC/USDT", True), ("ETH/USDT", False), ("SOL/USDT", True))
    assert open_pairs(database(tmp_path / "a file.sqlite", *rows)) == frozenset({"BTC/USDT", "SOL/USDT"})


def test_without_a_database_or_without_its_table_no_trade_is_open(tmp_path: Path) -> None:
    assert open_pairs(tmp_path / "absent.sqlite") == frozenset()
    assert not (tmp_path / "absent.sqlite").exists()
    (tmp_path / "empty.sqlite").touch()
    assert open_pairs(tmp_path / "empty.sqlite") == frozenset()


def test_what_cannot_be_read_may_hold_open_trades(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"this is no database, and too long for an empty one" * 100)
    assert open_pairs(damaged) is None
