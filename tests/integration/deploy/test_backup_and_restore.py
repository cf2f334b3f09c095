"""The scripts of backup and restoration against a `docker` of the test's: what they refuse, stop and leave behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT

pytestmark = pytest.mark.integration

DOCKER = """#!/bin/sh
echo "$*" >> {folder}/asked
case "$*" in
{answers}
    *"tar -C /tmp/copies"*) cat {folder}/freqtrade.tar ;;
    *"cat /tmp/history.sqlite"*) printf 'SQLite format 3' ;;
    *pg_dump*) printf PGDMP ;;
    *lastsave) echo x >> {folder}/looks; wc -l < {folder}/looks ;;
    *"bgsave schedule") echo Background saving started ;;
    *"info persistence") printf '{persistence}' ;;
    *"cat /data/dump.rdb") printf REDIS0011 ;;
    *export_definitions*) echo '{{}}' ;;
esac
"""
SAVED = r"rdb_saves:1\r\nrdb_last_bgsave_status:ok\r\n"
NEVER_SAVED = "*lastsave) echo 1700000000 ;;"


@dataclass(frozen=True)
class Machine:
    """A checkout with its secrets, and programs before those of PATH."""

    checkout: Path
    programs: Path

    def docker(self, answers: str = "") -> None:
        """Have `docker` answer by these cases of the shell first."""
        self.program("docker", DOCKER.format(folder=self.programs, answers=answers, persistence=SAVED))

    def program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.programs}:{os.environ['PATH']}"
        return subprocess.run(
            command,
            cwd=self.checkout,
            env={"PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def asked(self) -> str:
        """What `docker` was asked, a line for each time."""
        said = self.programs / "asked"
        return said.read_text() if said.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    checkout, programs = tmp_path / "checkout", tmp_path / "programs"
    for name in (
        "deploy/backup.sh",
        "deploy/restore.sh",
        "deploy/restore_history.sh",
        "scripts/copy_sqlite.py",
        "services/data_ingestor/news_sources.toml",
        "deploy/notify.toml",
    ):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT_ROOT / name, checkout / name)
    (checkout / "secrets").mkdir()
    (checkout / "secrets/redis_operator").write_text("a password")
    (checkout / ".env").write_text(f"CRYPTOBOY_SECRETS={checkout}/secrets\n")
    programs.mkdir()
    copies = tmp_path / "copies"
    copies.mkdir()
    with tarfile.open(programs / "freqtrade.tar", "w") as archive:
        archive.add(copies, ".")
    found = Machine(checkout, programs)
    found.docker()
    found.program("sleep", "#!/bin/sh\n")
    return found


@pytest.fixture
def backup(machine: Machine) -> Path:
    done = machine.run("deploy/backup.sh", "backup")
    assert done.returncode == 0, done.stderr
    (machine.programs / "asked").unlink()
    return machine.checkout / "backup"


def test_a_backup_builds_nothing_and_asks_compose_for_nothing(machine: Machine, backup: Path) -> None:
    assert {path.name for path in backup.iterdir()} >= {"dump.rdb", "freqtrade.tar", "env", "secrets"}
    machine.run("deploy/backup.sh", "another")
    assert machine.asked()
    assert "compose" not in machine.asked()


def test_a_backup_overwrites_no_other(machine: Machine, backup: Path) -> None:
    done = machine.run("deploy/backup.sh", "backup")
    assert (done.returncode, machine.asked()) == (1, "")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("*lastsave) echo NOAUTH Authentication required. ;;", "NOAUTH"),
        ("*'bgsave schedule') echo NOPERM this user has no permissions ;;", "NOPERM"),
        (NEVER_SAVED, "could not write its dump"),
        ("*lastsave) [ -e {looks} ] || echo 1700000000; echo x > {looks} ;;", "could not write its dump"),
        (f"*'info persistence') printf '{SAVED.replace('1', '0')}' ;;", "restarted"),
        (f"*'info persistence') printf '{SAVED.replace('ok', 'err')}' ;;", "could not write its dump"),
        ("*'cat /data/dump.rdb') ;;", "no dump"),
        ("*copies*) echo '#1 building the image' ;;", "tar"),
        ("*copies*) exit 1 ;;", ""),
        ("inspect*) exit 1 ;;", "this makes one: docker compose up --no-start --no-deps freqtrade"),
    ],
    ids=[
        "password",
        "rights",
        "never saved",
        "Redis goes away",
        "Redis restarts",
        "disk full",
        "empty dump",
        "no tar",
        "copy fails",
        "no container",
    ],
)
def test_a_backup_that_is_not_whole_leaves_no_folder_and_ends(
    machine: Machine, answers: str, message: str
) -> None:
    machine.docker(answers.format(looks=machine.programs / "looked"))
    done = machine.run("deploy/backup.sh", "backup")
    assert done.returncode != 0
    assert message in done.stderr
    assert [path.name for path in machine.checkout.glob("backup*")] == []


def test_a_backup_has_the_recorders_file_or_the_database_that_its_secret_names(
    machine: Machine, backup: Path
) -> None:
    assert (backup / "history.sqlite").read_text() == "SQLite format 3"
    (machine.checkout / "secrets/history_url").write_text(
        "postgresql+psycopg://cryptoboy:p@postgres/cryptoboy"
    )
    machine.run("deploy/backup.sh", "another")
    assert (machine.checkout / "another/history.dump").read_text() == "PGDMP"
    assert not (machine.checkout / "another/history.sqlite").exists()


def test_a_history_on_a_server_of_the_operators_is_said_to_be_missing(machine: Machine) -> None:
    url = "postgresql+psycopg://cryptoboy:p@db.example.com/cryptoboy"
    (machine.checkout / "secrets/history_url").write_text(url)
    done = machine.run("deploy/backup.sh", "backup")
    assert (done.returncode, "not in this backup" in done.stderr) == (0, True)
    assert [path.name for path in (machine.checkout / "backup").glob("history*")] == []
    assert "pg_dump" not in machine.asked()


def test_a_system_without_a_recorder_is_backed_up_too(machine: Machine) -> None:
    machine.docker('"inspect -f {{{{.Image}}}} trading-history-recorder") exit 1 ;;'.format())
    done = machine.run("deploy/backup.sh", "backup")
    assert done.returncode == 0, done.stderr
    assert not (machine.checkout / "backup/history.sqlite").exists()


@pytest.mark.parametrize("name", ["history.sqlite", "history.dump"])
def test_a_notifier_that_runs_is_stopped_while_the_history_is_replaced_and_started_again(
    machine: Machine, backup: Path, name: str
) -> None:
    (backup / "history.sqlite").rename(backup / name)
    machine.docker("*--filter*trading-notifier*) echo 5eb1 ;;")
    done = machine.run("deploy/restore_history.sh", "backup")
    assert done.returncode == 0, done.stderr
    asked = machine.asked().splitlines()
    replaced = next(n for n, line in enumerate(asked) if "before-restore" in line or "--single-trans" in line)
    assert asked.index("stop 5eb1") < replaced < asked.index("start 5eb1")


@pytest.mark.parametrize("name", ["history.sqlite", "history.dump"])
def test_the_history_is_restored_while_only_recorder_and_api_are_stopped(
    machine: Machine, backup: Path, name: str
) -> None:
    (backup / "history.sqlite").rename(backup / name)
    done = machine.run("deploy/restore_history.sh", "backup")
    assert done.returncode == 0, done.stderr
    asked = machine.asked()
    assert [line for line in asked.splitlines() if "compose stop" in line] == [
        "compose stop history-recorder api"
    ]
    assert asked.endswith("compose up -d history-recorder api\n")
    assert ("before-restore" in asked) == (name == "history.sqlite")


@pytest.mark.parametrize(
    ("name", "replaced"), [("history.sqlite", "before-restore"), ("history.dump", "--single-transaction")]
)
def test_recorder_and_api_are_started_again_if_their_history_cannot_be_replaced(
    machine: Machine, backup: Path, name: str, replaced: str
) -> None:
    (backup / "history.sqlite").rename(backup / name)
    machine.docker(f"*{replaced}*) exit 1 ;;")
    assert machine.run("deploy/restore_history.sh", "backup").returncode != 0
    assert machine.asked().endswith("compose up -d history-recorder api\n")


@pytest.mark.parametrize(
    ("name", "read"), [("history.sqlite", "integrity_check"), ("history.dump", "--list")]
)
def test_a_history_that_cannot_be_read_stops_nothing(
    machine: Machine, backup: Path, name: str, read: str
) -> None:
    (backup / "history.sqlite").rename(backup / name)
    machine.docker(f"*{read}*) exit 1 ;;")
    assert machine.run("deploy/restore_history.sh", "backup").returncode != 0
    assert "compose stop" not in machine.asked()


def test_a_backup_without_a_history_restores_none(machine: Machine, backup: Path) -> None:
    (backup / "history.sqlite").unlink()
    done = machine.run("deploy/restore_history.sh", "backup")
    assert (done.returncode, machine.asked()) == (2, "")


def test_the_parts_to_restore_are_named(machine: Machine, backup: Path) -> None:
    for words in (("backup",), ("backup", "postgres"), ("backup", "redis", "freqtrad")):
        done = machine.run("deploy/restore.sh", *words)
        assert (done.returncode, machine.asked()) == (2, ""), done.stderr


@pytest.mark.parametrize("name", ["freqtrade.tar", "dump.rdb"])
@pytest.mark.parametrize(
    "content", [None, b"", b"#1 building the image\n"], ids=["missing", "empty", "other"]
)
def test_nothing_is_stopped_for_a_file_that_cannot_be_restored(
    machine: Machine, backup: Path, name: str, content: bytes | None
) -> None:
    (backup / name).unlink()
    if content is not None:
        (backup / name).write_bytes(content)
    done = machine.run("deploy/restore.sh", "backup", "redis", "freqtrade")
    assert (done.returncode, machine.asked()) == (2, ""), done.stderr


def test_a_backup_that_was_not_ended_is_refused(machine: Machine, backup: Path) -> None:
    (backup / "definitions.json").unlink()
    done = machine.run("deploy/restore.sh", "backup", "redis")
    assert (done.returncode, machine.asked()) == (2, ""), done.stderr


def test_nothing_is_stopped_before_both_parts_were_read(machine: Machine, backup: Path) -> None:
    machine.docker("*redis-server*) exit 1 ;;")
    done = machine.run("deploy/restore.sh", "backup", "freqtrade", "redis")
    assert done.returncode != 0
    assert "nothing was stopped" in done.stderr
    assert "compose stop" not in machine.asked()
    assert "before-restore" not in machine.asked()


def test_redis_alone_leaves_the_trades_alone(machine: Machine, backup: Path) -> None:
    done = machine.run("deploy/restore.sh", "backup", "redis")
    assert done.returncode == 0, done.stderr
    assert "compose stop redis signal-cacher freqtrade" in machine.asked()
    assert "/var/lib/cryptoboy/trade" not in machine.asked()


def test_freqtrade_alone_leaves_redis_running(machine: Machine, backup: Path) -> None:
    done = machine.run("deploy/restore.sh", "backup", "freqtrade")
    assert done.returncode == 0, done.stderr
    assert "compose stop signal-cacher freqtrade\n" in machine.asked()
    assert "/data/" not in machine.asked()


def test_a_restoration_that_fails_says_what_is_stopped_and_how_to_start_it(
    machine: Machine, backup: Path
) -> None:
    machine.docker("*before-restore*) exit 1 ;;")
    done = machine.run("deploy/restore.sh", "backup", "freqtrade", "redis")
    assert done.returncode != 0
    start = "COMPOSE_FILE=docker-compose.production.yml docker compose up -d --no-deps redis signal-cacher freqtrade"
    assert "NOT RESTORED, and stopped: redis signal-cacher freqtrade." in done.stderr
    assert start in done.stderr


def test_a_pause_that_fails_is_said(machine: Machine, backup: Path) -> None:
    machine.docker("*pause*) exit 1 ;;")
    done = machine.run("deploy/restore.sh", "backup", "redis")
    assert done.returncode != 0
    assert "RESTORED, but entries are not paused" in done.stderr


@pytest.mark.parametrize("gone", [".env", "secrets"])
def test_half_a_machine_is_refused(machine: Machine, backup: Path, gone: str) -> None:
    (machine.checkout / gone).rename(machine.checkout / "elsewhere")
    done = machine.run("deploy/restore.sh", "backup", "redis")
    assert (done.returncode, machine.asked()) == (2, ""), done.stderr
    assert "only one is here" in done.stderr


def test_a_new_machine_gets_settings_and_secrets_before_anything_is_made(
    machine: Machine, backup: Path
) -> None:
    (machine.checkout / ".env").unlink()
    (backup / "env").write_text("CRYPTOBOY_SECRETS=/elsewhere\nSTAKE_AMOUNT=50")  # as some editors leave it
    shutil.rmtree(machine.checkout / "secrets")
    done = machine.run("deploy/restore.sh", "backup", "freqtrade", "redis")
    assert done.returncode == 0, done.stderr
    assert (machine.checkout / "secrets/redis_operator").read_text() == "a password"
    settings = (machine.checkout / ".env").read_text().splitlines()
    assert settings == [f"CRYPTOBOY_SECRETS={machine.checkout}/secrets", "STAKE_AMOUNT=50"]
    assert machine.asked().startswith("compose build\n")
