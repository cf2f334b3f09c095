"""The history by the guide's lines: a file is backed up and restored, then PostgreSQL holds it, and so again.

Leaves production with its file again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.containers.api import make_key, told
from tests.support.containers.guide_shell import run
from tests.support.containers.news import publish
from tests.support.containers.stack import Stack
from tests.support.docs.guide import typed
from tests.support.waiting import eventually

POSTGRES = typed(
    "{ printf 'postgresql+psycopg://cryptoboy:'; tr -d '\\n' < secrets/postgres; echo '@postgres/cryptoboy'; }"
    " > secrets/history_url"
)
NEW_PASSWORD = typed("rm -f secrets/postgres && ./cryptoboy secrets init")
BACKUP = typed("deploy/backup.sh backup")
RESTORE = typed("deploy/restore_history.sh backup")
LOOK = typed("compose ps postgres")
FOLDER = "/var/lib/cryptoboy"


@pytest.fixture(scope="module")
def key(production: Stack) -> str:
    """A key that may read."""
    return make_key(production, "history")


def recorded(key: str) -> str:
    """The newest articles of the history, as the API tells them."""
    return json.dumps(told("/v1/articles?limit=200", key))


def record(stack: Stack, key: str) -> str:
    """The headline of an article that the history has since."""
    (title,) = publish(stack, 1)
    eventually(lambda: title in recorded(key), f"{title!r} in the history", look=1)
    return title


def back_up(stack: Stack, name: str) -> None:
    run(stack, BACKUP.replace("deploy/backup.sh backup", f"deploy/backup.sh {name}"))


def restore(stack: Stack, name: str) -> str:
    said = run(stack, f"{RESTORE.removesuffix('backup')}{name}")
    stack.wait_healthy()
    return said


def others(stack: Stack) -> dict[str, str]:
    """Service -> when it was started, of all but recorder and API."""
    running = stack.running()
    return {
        name: running[name]["State"]["StartedAt"] for name in running.keys() - {"history-recorder", "api"}
    }


def test_a_restored_file_has_what_was_backed_up_and_keeps_the_other_beside_it(
    production: Stack, key: str
) -> None:
    before = record(production, key)
    back_up(production, "of-the-file")
    after = record(production, key)
    running = others(production)
    assert "restored the history" in restore(production, "of-the-file")
    eventually(lambda: before in recorded(key), "what was backed up", look=1)
    assert after not in recorded(key)
    assert others(production) == running
    kept = production.exec(
        "trading-history-recorder", "sh", "-c", f"ls {FOLDER}/history.sqlite.before-restore-*"
    )
    assert kept.strip()
    record(production, key)


@pytest.fixture(scope="module")
def with_postgres(production: Stack) -> Iterator[Stack]:
    """Production with its history in PostgreSQL."""
    run(production, POSTGRES)
    production.wait_healthy()
    yield production
    (production.folder / "secrets/history_url").write_text("")
    production.compose("--profile", "postgres", "rm", "--stop", "--force", "--volumes", "postgres")
    production.env(COMPOSE_PROFILES=None)
    production.compose("up", "-d", "--force-recreate", "history-recorder", "api")
    production.wait_healthy()


def test_postgresql_records_and_the_api_reads_it(with_postgres: Stack, key: str) -> None:
    assert "healthy" in run(with_postgres, LOOK)
    title = record(with_postgres, key)
    assert title in sql(with_postgres, "SELECT title FROM articles")


def test_a_restored_database_has_what_was_backed_up(with_postgres: Stack, key: str) -> None:
    before = record(with_postgres, key)
    back_up(with_postgres, "of-postgres")
    assert not (with_postgres.folder / "of-postgres/history.sqlite").exists()
    after = record(with_postgres, key)
    running = others(with_postgres)
    restore(with_postgres, "of-postgres")
    eventually(lambda: before in recorded(key), "what was backed up", look=1)
    assert after not in recorded(key)
    assert others(with_postgres) == running
    record(with_postgres, key)


def test_postgresql_gets_a_new_password(with_postgres: Stack, key: str) -> None:
    address, *_, recreate = POSTGRES.splitlines()
    before = with_postgres.secret("postgres")
    run(with_postgres, f"{NEW_PASSWORD}\n{address}\n{recreate}")
    with_postgres.wait_healthy()
    assert with_postgres.secret("postgres") != before
    record(with_postgres, key)
    assert "password authentication failed" in asked_from_outside(with_postgres, before)
    assert asked_from_outside(with_postgres, with_postgres.secret("postgres")).strip() == "1"


def test_postgresql_is_reached_by_recorder_and_api_alone(with_postgres: Stack) -> None:
    running = with_postgres.running()
    networks = {name: each["NetworkSettings"]["Networks"].keys() for name, each in running.items()}
    of_postgres = {name.removeprefix(f"{with_postgres.project}_") for name in networks["postgres"]}
    assert of_postgres == {"history", "history-notified"}
    sharing = {name for name, each in networks.items() if each & networks["postgres"]}
    assert sharing == {"postgres", "history-recorder", "api"}


def sql(stack: Stack, query: str) -> str:
    return stack.exec("trading-postgres", "psql", "-U", "cryptoboy", "-A", "-t", "-c", query).strip()


def asked_from_outside(stack: Stack, password: str) -> str:
    """What `SELECT 1` gives to whoever connects over the network, where a password is needed."""
    address = "$(hostname -i | cut -d' ' -f1)"
    program = ("sh", "-c", f'PGPASSWORD=$(cat) exec psql -h "{address}" -U cryptoboy -A -t -c "SELECT 1"')
    return stack.exec("trading-postgres", *program, check=False, stdin=password)
