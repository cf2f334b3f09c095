"""The migrations make the tables that the writer and the readers expect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from services.common.history.sql.engine import writable
from services.common.history.sql.migrate import MIGRATIONS
from services.common.history.sql.schema.columns import metadata
from services.common.history.sql.schema.tables import NEWEST_VERSION
from services.common.history.writing import open_history
from services.common.settings.history import url_of
from services.common.settings.settings import Settings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(f"{request.param}_history")
    with closing(open_history(found)) as writer:
        writer.check()
    return found


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    database = writable(url_of(settings.history_url, settings.state_dir))
    with database.begin() as connection:
        yield connection
    database.engine.dispose()


def test_the_tables_are_those_that_the_code_knows(settings: Settings) -> None:
    with connected(settings) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_indexes_are_those_that_the_code_knows(settings: Settings) -> None:
    with connected(settings) as connection:
        for table in metadata.sorted_tables:
            found = {
                each["name"]: each["column_names"]
                for each in inspect(connection).get_indexes(table.name)
                if not each.get("duplicates_constraint")
            }
            assert found == {index.name: [column.name for column in index.columns] for index in table.indexes}


def test_texts_have_the_order_that_the_code_knows(settings: Settings) -> None:
    with connected(settings) as connection:
        for table in metadata.sorted_tables:
            found = {
                each["name"]: getattr(each["type"], "collation", None)
                for each in inspect(connection).get_columns(table.name)
            }
            assert found == {
                column.name: getattr(column.type.dialect_impl(connection.dialect), "collation", None)
                for column in table.columns
            }


def test_the_newest_version_is_the_one_that_the_code_knows() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [NEWEST_VERSION]


def test_a_migration_of_every_version_is_in_the_folder() -> None:
    names = {path.stem for path in (Path(MIGRATIONS) / "versions").glob("v*.py")}
    assert names == {f"v{number:04}" for number in range(1, int(NEWEST_VERSION) + 1)}
