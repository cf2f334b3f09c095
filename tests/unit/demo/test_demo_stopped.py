"""What becomes of a demo's folder when the demo is stopped."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app


@pytest.fixture(autouse=True)
def _stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A demo that is stopped as soon as it runs, with its own folders in `tmp_path`."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.demo.run.DemoRun.play", stop)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_folder_of_its_own_is_removed_and_it_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--json"])
    assert done.exit_code == 130
    assert "its logs and data were removed; --run-dir DIR keeps them" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_asked_for_is_kept_and_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--json", "--run-dir", str(tmp_path / "run")])
    assert done.exit_code == 130
    assert f"logs and data are kept in {tmp_path / 'run'}" in done.stderr
    assert (tmp_path / "run").is_dir()
