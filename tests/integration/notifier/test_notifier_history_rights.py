"""The role of deploy/postgresql/notifier.sql can do what the notifier needs in the history, and no more."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import psycopg
import pytest
from pydantic import SecretStr

from services.common.errors import StopProgram
from services.common.history.notifying.port import NotifierBatch
from services.common.history.open import open_reader
from services.common.history.port import Batch
from services.common.history.writing import open_history, open_notifier_log
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW
from tests.support.servers.postgresql import PostgresServer

pytestmark = pytest.mark.integration
ROLE, PASSWORD = "notifier", "of-the-notifier-in-this-test"


@pytest.fixture
def of_the_role(postgresql: PostgresServer, postgresql_history: Settings) -> Settings:
    """Settings of the role in a history that has an article and a position of the recorder."""
    with closing(open_history(postgresql_history)) as writer:
        writer.write(Batch(articles=[some.article(1)], cursors={"recorder": "1"}))
    owner = url_of(postgresql_history)
    rights = (PROJECT_ROOT / "deploy" / "postgresql" / "notifier.sql").read_text()
    with psycopg.connect(owner, autocommit=True) as connection:
        for _ in range(2):  # a second time after an upgrade
            connection.execute(rights)
        connection.execute(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")
    name = owner.rpartition("/")[2]
    return postgresql_history.changed(
        history_url=SecretStr(postgresql.url(name, user=ROLE, password=PASSWORD))
    )


def url_of(settings: Settings) -> str:
    assert settings.history_url is not None
    return settings.history_url.get_secret_value().replace("postgresql+psycopg://", "postgresql://")


def test_it_notes_what_was_told_holds_the_lease_and_reads_what_was_recorded(of_the_role: Settings) -> None:
    batch = NotifierBatch(
        notices=[some.notice(1)],
        briefs=[some.brief(1)],
        price_alerts=[some.price_alert(1)],
        mutes=[some.mute(1)],
        controls=[some.control(1)],
        cursors={"notifier:events": "1"},
    )
    with closing(open_notifier_log(of_the_role)) as log, closing(open_reader(of_the_role)) as reader:
        log.check()
        assert log.write(batch).notices == tuple(batch.notices)
        assert log.remove_price_alert(some.price_alert(1).alert_id)
        assert log.take_lease("one", NOW, NOW + timedelta(seconds=20)).holder == "one"
        log.release_lease("one")
        assert [row.article_id for row in reader.articles().rows] == ["article-1"]
        assert reader.notices().rows == tuple(batch.notices)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO holds SELECT * FROM holds",
        "UPDATE articles SET title = 'another'",
        "DELETE FROM signals",
        "TRUNCATE notifications",
        "DROP TABLE notifications",
        "ALTER TABLE notifications ADD COLUMN more text",
        "CREATE TABLE more (id int)",
        "CREATE ROLE another",
    ],
)
def test_it_changes_nothing_else(of_the_role: Settings, statement: str) -> None:
    with (
        psycopg.connect(url_of(of_the_role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_it_records_nothing(of_the_role: Settings) -> None:
    with closing(open_history(of_the_role)) as writer, pytest.raises(StopProgram, match="permission denied"):
        writer.write(Batch(articles=[some.article(2)]))
