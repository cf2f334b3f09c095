"""How SQLite files are opened, migrated and refused, whichever service keeps something in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from services.common.errors import StopProgram, TryLater
from services.common.sqlite import (
    Schema,
    UnknownFileError,
    migrate,
    open_database,
    reaction_to,
    transaction,
)

FIRST = ("CREATE TABLE IF NOT EXISTS notes (text TEXT)",)
SECOND = ("ALTER TABLE notes ADD COLUMN length INTEGER", lambda db: db.execute("UPDATE notes SET length = 3"))
OLD, NEW = Schema([FIRST]), Schema([FIRST, SECOND])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "notes.sqlite"


def pragma(path: Path, name: str) -> object:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"PRAGMA {name}").fetchone()[0]


def add(path: Path, schema: Schema, text: str) -> None:
    with closing(open_database(path, schema)) as db:
        db.execute("INSERT INTO notes (text) VALUES (?)", (text,))


def test_a_new_file_has_the_present_version_and_is_its_owners_alone(path: Path) -> None:
    open_database(path, NEW).close()
    assert (pragma(path, "user_version"), pragma(path, "journal_mode")) == (2, "wal")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_of_an_earlier_version_is_migrated_and_keeps_what_it_has(path: Path) -> None:
    add(path, OLD, "abc")
    with closing(open_database(path, NEW)) as db:
        assert db.execute("SELECT * FROM notes").fetchall() == [("abc", 3)]
    assert pragma(path, "user_version") == 2


def test_a_file_from_before_versions_were_kept_is_migrated(path: Path) -> None:
    add(path, OLD, "abc")
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 0")
    with closing(open_database(path, NEW)) as db:
        assert db.execute("SELECT * FROM notes").fetchall() == [("abc", 3)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    add(path, OLD, "abc")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        open_database(path, Schema([FIRST, (*SECOND, "DROP TABLE unknown")]))
    assert pragma(path, "user_version") == 1
    with closing(open_database(path, OLD)) as db:
        assert db.execute("SELECT * FROM notes").fetchall() == [("abc",)]


def test_a_file_of_a_later_version_is_refused_and_left_alone(path: Path) -> None:
    add(path, NEW, "abc")
    before = path.read_bytes()
    with pytest.raises(
        UnknownFileError, match="version is 2, this program knows 1: a later release wrote it"
    ):
        open_database(path, OLD)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda db: db.execute("CREATE TABLE recipes (name TEXT)"),
        lambda db: db.execute("PRAGMA application_id = 9"),
    ],
)
def test_another_kind_of_database_is_refused_and_left_alone(
    tmp_path: Path, spoil: Callable[[sqlite3.Connection], object]
) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as db:
        spoil(db)
        db.commit()
    before = path.read_bytes()
    with pytest.raises(UnknownFileError, match="another kind of database"):
        open_database(path, Schema([FIRST], application_id=7))
    assert path.read_bytes() == before


def test_a_file_may_be_made_and_migrated_by_many_at_once(path: Path) -> None:
    together = Barrier(8)

    def make(schema: Schema) -> None:
        together.wait()
        open_database(path, schema).close()

    for schema in (OLD, NEW):
        with ThreadPoolExecutor(8) as pool:
            for made in [pool.submit(make, schema) for _ in range(8)]:
                made.result()
    assert pragma(path, "user_version") == 2


def test_a_folder_that_cannot_be_made_is_an_error_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(sqlite3.OperationalError):
        open_database(tmp_path / "file" / "notes.sqlite", OLD)


def test_a_transaction_happens_as_a_whole_or_not_at_all(path: Path) -> None:
    with closing(open_database(path, OLD)) as db:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            migrate(db, Schema([FIRST, ("INSERT INTO notes VALUES ('lost')", "DROP TABLE unknown")]))
        with transaction(db):
            db.execute("INSERT INTO notes VALUES ('kept')")
        assert db.execute("SELECT * FROM notes").fetchall() == [("kept",)]


def test_migrating_twice_changes_nothing(path: Path) -> None:
    with closing(open_database(path, NEW)) as db:
        before = db.total_changes
        migrate(db, NEW)
        assert db.total_changes == before


def test_a_busy_file_is_waited_for_and_a_damaged_one_is_for_a_person(path: Path) -> None:
    with closing(open_database(path, OLD)) as holder, transaction(holder):
        other = open_database(path, OLD, busy_seconds=0)
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("BEGIN IMMEDIATE")
        other.close()
        assert isinstance(reaction_to(busy.value, path, "the notes"), TryLater)
    path.write_bytes(b"a letter, not a database" * 100)
    with pytest.raises(sqlite3.DatabaseError) as damaged:
        open_database(path, OLD)
    reaction = reaction_to(damaged.value, path, "the notes")
    assert isinstance(reaction, StopProgram)
    assert str(reaction).startswith(f"the notes in {path} cannot be used")
