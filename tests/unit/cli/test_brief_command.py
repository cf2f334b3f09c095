"""`./cryptoboy brief`, on a history of its own and without a store."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.common.errors import StopProgram
from services.common.history.port import Batch
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from tests.support.history import history_samples as some
from tests.support.history.tables import with_tables

NOW = datetime.now(UTC)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {
        "STATE_DIR": str(tmp_path),
        "BROKER": "embedded",
        "REDIS_PORT": "1",  # no store is there
        "HEALTH_PORT": "9",
        "BRIEF_TIMEZONE": "Asia/Kathmandu",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def recorded(state: Path) -> None:
    with closing(open_history(with_tables(Settings(state_dir=state)))) as writer:
        writer.write(
            Batch(
                articles=[some.article(1, fetched=NOW - timedelta(hours=2))],
                trades=[some.trade(7, opened=NOW - timedelta(hours=1))],
            )
        )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["brief", *arguments], catch_exceptions=False)


def test_it_is_shown_as_text(recorded: None) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.startswith("Daily brief\n\nFrom ")
    assert "+0545" in result.stdout
    assert "trade 7, opened" in result.stdout
    assert "Redis was not read, so these are the moods of the recorded signals" in result.stdout


def test_a_page_is_written_to_a_file_or_into_a_directory(recorded: None, tmp_path: Path) -> None:
    file = tmp_path / "week.html"
    assert f"Page: {file}" in run("--weekly", "--html", str(file)).stdout
    assert "<h1>Weekly brief</h1>" in file.read_text()
    run("--html", str(tmp_path))
    assert "trade 7" in (tmp_path / f"brief-daily-{NOW:%Y-%m-%d}.html").read_text()


def test_a_program_reads_text_figures_and_sections(recorded: None) -> None:
    found = json.loads(run("--json").stdout)
    assert found["kind"] == "daily"
    assert found["figures"]["trades_open"] == 1
    assert found["document"]["title"] == "Daily brief"
    assert found["text"].startswith("Daily brief")


def test_without_a_history_it_says_what_records(state: Path) -> None:
    with pytest.raises(StopProgram, match="nothing is recorded"):
        run()


def test_a_directory_that_is_missing_is_said_before_the_work(recorded: None, tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match="there is no directory"):
        run("--html", str(tmp_path / "no" / "week.html"))
