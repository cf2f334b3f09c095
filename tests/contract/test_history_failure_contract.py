"""What the history says when its database is away, refuses, is locked or is of a later release."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from services.common.errors import StopProgram, TryLater
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader, HistoryWriter
from services.common.history.sql.engine import Database, writable
from services.common.history.sql.migrate import lock_writers
from services.common.history.sql.schema.tables import NEWEST_VERSION
from services.common.history.writing import open_history
from services.common.settings.history import url_of
from services.common.settings.settings import Settings
from tests.support.history import history_samples as some
from tests.support.servers.nobody import refusing_port
from tests.support.servers.postgresql import PostgresProgram, PostgresServer
from tests.support.waiting import eventually


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(f"{request.param}_history")
    return found


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    opened = writable(url_of(settings.history_url, settings.state_dir))
    yield opened
    opened.engine.dispose()


def test_a_later_release_is_not_touched_and_not_read(settings: Settings) -> None:
    with closing(open_history(settings)) as writer:
        writer.write(Batch(articles=[some.article(1)]))
    with database(settings) as opened, opened.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with closing(open_history(settings)) as writer, pytest.raises(StopProgram, match="later release"):
        writer.write(Batch(articles=[some.article(2)]))
    assert not writer.health().ok
    with closing(open_reader(settings)) as reader, pytest.raises(StopProgram, match="later release"):
        reader.articles()


def test_an_older_release_is_read_when_the_recorder_has_migrated_it(settings: Settings) -> None:
    with closing(open_history(settings)) as writer:
        writer.check()
    with database(settings) as opened, opened.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with closing(open_reader(settings)) as reader:
        with pytest.raises(TryLater, match="older version"):
            reader.articles()
        with database(settings) as opened, opened.begin() as connection:
            connection.execute(
                text("UPDATE alembic_version SET version_num = :newest"), {"newest": NEWEST_VERSION}
            )
        assert reader.articles().rows == ()


def test_a_reader_changes_nothing(settings: Settings) -> None:
    with closing(open_history(settings)) as writer, closing(open_reader(settings)) as reader:
        writer.write(Batch(articles=[some.article(1)]))

        def delete(connection: object) -> None:
            connection.execute(text("DELETE FROM articles"))  # type: ignore[attr-defined]  # a Connection

        with pytest.raises(StopProgram):
            reader.ask(None, delete)  # type: ignore[attr-defined]  # of both databases
        assert len(reader.articles().rows) == 1


def test_a_reader_in_the_middle_of_a_list_does_not_hold_up_the_writer(settings: Settings) -> None:
    with closing(open_history(settings)) as writer, closing(open_reader(settings)) as reader:
        writer.write(Batch(articles=[some.article(1)]))

        def write_meanwhile(connection: object) -> tuple[int, int]:
            count = text("SELECT count(*) FROM signals")
            before = connection.execute(count).scalar()  # type: ignore[attr-defined]  # a Connection
            writer.write(Batch(signals=[some.signal(1)]))
            return before, connection.execute(count).scalar()  # type: ignore[attr-defined]  # a Connection

        before, _ = reader.ask((9, 9), write_meanwhile)  # type: ignore[attr-defined]  # of both databases
        assert before == 0
        assert len(reader.signals().rows) == 1


def test_a_writer_that_waits_too_long_for_another_says_so_and_writes_afterwards(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.common.history.sql.engine.BUSY_SECONDS", 0.2)
    with closing(open_history(settings)) as writer, database(settings) as another:
        writer.check()
        with another.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE articles IN EXCLUSIVE MODE"))
            with pytest.raises(TryLater):
                writer.write(Batch(articles=[some.article(1)]))
        assert writer.write(Batch(articles=[some.article(1)])).rows == {"articles": 1}
        assert writer.health().ok


# SQLite


def test_a_full_disk_is_for_later_and_loses_nothing(sqlite_history: Settings) -> None:
    with closing(open_history(sqlite_history)) as writer:
        writer.write(Batch(articles=[some.article(1)]))
        _limit_pages(writer, 0)
        with pytest.raises(TryLater, match="Make room"):
            writer.write(Batch(articles=[some.article(2, content="x" * 1_000_000)], cursors={"c": "2"}))
        assert writer.position("c") is None
        _limit_pages(writer, 1_000_000)
        assert writer.write(Batch(articles=[some.article(2)])).rows == {"articles": 1}


def _limit_pages(writer: HistoryWriter, count: int) -> None:
    with writer.begin() as connection:  # type: ignore[attr-defined]  # the one connection of the writer
        connection.exec_driver_sql(f"PRAGMA max_page_count = {count or 1}")


def test_a_file_of_something_else_is_refused_and_left_as_it_is(sqlite_history: Settings) -> None:
    sqlite_history.state_dir.mkdir()
    file = sqlite_history.state_dir / "history.sqlite"
    file.write_bytes(b"no database at all, but a text of some length" * 100)
    before = file.read_bytes()
    with closing(open_history(sqlite_history)) as writer, pytest.raises(StopProgram, match="not a database"):
        writer.check()
    with closing(open_reader(sqlite_history)) as reader, pytest.raises(StopProgram, match="not a database"):
        reader.articles()
    assert file.read_bytes() == before


def test_nobody_else_may_read_the_file(sqlite_history: Settings) -> None:
    with closing(open_history(sqlite_history)) as writer:
        writer.check()
    assert (sqlite_history.state_dir / "history.sqlite").stat().st_mode & 0o077 == 0


def test_a_relative_or_odd_path_is_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        history_url=SecretStr("sqlite:///some folder/a%23b?.sqlite"), state_dir=tmp_path / "x"
    )
    with closing(open_history(settings)) as writer, closing(open_reader(settings)) as reader:
        writer.write(Batch(articles=[some.article(1)]))
        assert len(reader.articles().rows) == 1
    assert [path.name for path in (tmp_path / "some folder").glob("*.sqlite")] == ["a%23b?.sqlite"]


# PostgreSQL

Open = Callable[[Settings], HistoryWriter | HistoryReader]


def use(settings: Settings, kind: str) -> None:
    if kind == "writer":
        with closing(open_history(settings)) as writer:
            writer.check()
    else:
        with closing(open_reader(settings)) as reader:
            reader.articles()


@pytest.mark.parametrize("kind", ["writer", "reader"])
def test_a_server_that_is_away_is_for_later(kind: str) -> None:
    with refusing_port() as port:
        settings = Settings(history_url=SecretStr(f"postgresql+psycopg://u:geheim@127.0.0.1:{port}/h"))
        with pytest.raises(TryLater, match="unreachable") as later:
            use(settings, kind)
    assert "geheim" not in str(later.value)


@pytest.mark.parametrize("kind", ["writer", "reader"])
@pytest.mark.parametrize(
    "option",
    [
        *("sslmode=bogus", "nonsense=1", "port=70000", "target_session_attrs=any-one", "service=nowhere"),
        *("connect_timeout=soon", "require_auth=faith", "ssl_min_protocol_version=9", "host=a,b&port=1"),
    ],
)
def test_a_part_of_the_url_that_can_never_work_stops_the_program(kind: str, option: str) -> None:
    with refusing_port() as port:
        url = f"postgresql+psycopg://u:geheim@127.0.0.1:{port}/h?{option}"
        with pytest.raises(StopProgram, match=r"the history in 127\.0\.0\.1:.* cannot be used") as stopped:
            use(Settings(history_url=SecretStr(url)), kind)
    assert "geheim" not in str(stopped.value)


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["writer", "reader"])
@pytest.mark.parametrize(
    ("who", "name", "said"),
    [
        ({"password": "wrong-one"}, "postgres", "password authentication failed"),
        ({"user": "nobody", "password": "wrong-one"}, "postgres", "password authentication failed"),
        ({}, "no_such_database", "does not exist"),
    ],
)
def test_what_a_person_must_change_stops_the_program(
    postgresql: PostgresServer, kind: str, who: dict[str, str], name: str, said: str
) -> None:
    url = postgresql.url(name, **who)
    with pytest.raises(StopProgram, match=said) as stopped:
        use(Settings(history_url=SecretStr(url)), kind)
    assert "HISTORY_URL" in str(stopped.value)
    assert "wrong-one" not in str(stopped.value)


@pytest.mark.integration
def test_a_user_without_rights_stops_the_program(
    postgresql: PostgresServer, postgresql_history: Settings
) -> None:
    with closing(open_history(postgresql_history)) as writer:
        writer.check()
    assert postgresql_history.history_url is not None
    name = postgresql_history.history_url.get_secret_value().rpartition("/")[2]
    postgresql.run(f"CREATE ROLE {name} LOGIN PASSWORD 'some-word'")
    settings = Settings(history_url=SecretStr(postgresql.url(name, user=name, password="some-word")))
    with closing(open_reader(settings)) as reader, pytest.raises(StopProgram, match="permission denied"):
        reader.articles()


@pytest.mark.integration
def test_a_server_that_restarts_is_used_again_without_a_restart_of_ours(tmp_path: Path) -> None:
    program = PostgresProgram()
    try:
        program.start()
        settings = Settings(history_url=SecretStr(program.address().url("postgres")), state_dir=tmp_path)
        with closing(open_history(settings)) as writer, closing(open_reader(settings)) as reader:
            writer.write(Batch(articles=[some.article(1)], cursors={"c": "1"}))
            assert len(reader.articles().rows) == 1
            program.stop()
            with pytest.raises(TryLater):
                writer.write(Batch(articles=[some.article(2)], cursors={"c": "2"}))
            with pytest.raises(TryLater):
                reader.articles()
            program.start()
            assert writer.position("c") == "1"
            assert writer.write(Batch(articles=[some.article(2)])).rows == {"articles": 1}
            assert len(reader.articles().rows) == 2
    finally:
        program.close()


@pytest.mark.integration
def test_changes_of_two_writers_are_numbered_in_the_order_in_which_they_are_committed(
    postgresql_history: Settings,
) -> None:
    """A reader that has seen `seq` 5 never finds a 4 later."""
    with closing(open_history(postgresql_history)) as one, closing(open_reader(postgresql_history)) as reader:
        one.check()
        with closing(open_history(postgresql_history)) as two:
            second = threading.Thread(target=two.write, args=[Batch(articles=[some.article(2)])])
            with one.begin() as connection:  # type: ignore[attr-defined]  # in the middle of its transaction
                lock_writers(connection)
                waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                second.start()
                eventually(lambda: connection.scalar(waiting) == 1, "the second writer waits")
                assert reader.events(0) == ()
            second.join()
        assert [each.key for each in reader.events(0)] == ["article-2"]
