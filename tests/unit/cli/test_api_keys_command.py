from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.secret_files import secrets_app
from services.common.errors import StopProgram


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("CRYPTOBOY_ENV_FILE", "")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(secrets_app, ["api-key", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked() -> None:
    made = json.loads(run("make", "phone", "--scope", "control", "--json").splitlines()[-1])
    identity = made["key"][3:11]
    listed = run("list")
    assert f"{identity}  control" in listed
    assert made["key"] not in listed
    assert made["key"][12:] not in run("list", "--json")
    run("revoke", identity)
    assert json.loads(run("list", "--json").splitlines()[-1]) == {"keys": []}


def test_without_options_the_key_is_the_whole_output_and_may_read() -> None:
    key = run("make", "grafana").strip()
    assert key.startswith("cb_")
    assert len(key.splitlines()) == 1
    assert "read" in run("list")


def test_an_unknown_id_is_said_with_the_next_step() -> None:
    with pytest.raises(StopProgram, match="api-key list"):
        run("revoke", "00000000")
