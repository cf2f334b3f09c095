"""`strategy install` as typed: what it shows to a person and to a program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app


@pytest.fixture
def user_data(tmp_path: Path) -> Path:
    (tmp_path / "user_data").mkdir()
    return tmp_path / "user_data"


def test_the_lines_to_change_and_the_block_are_shown(
    user_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER", "rabbitmq")
    monkeypatch.setenv("REDIS_HOST", "cache")
    ran = CliRunner().invoke(app, ["strategy", "install", "--user-data", str(user_data)])
    assert ran.exit_code == 0
    assert "cryptoboy_sentiment 0.1.0 was installed in" in ran.stdout
    assert "    from cryptoboy_sentiment import SentimentMixin" in ran.stdout
    assert "    class MyStrategy(SentimentMixin, IStrategy):" in ran.stdout
    (block,) = re.findall(r'^ +("cryptoboy": \{.*\})$', ran.stdout, re.MULTILINE)
    assert json.loads(f"{{{block}}}") == {"cryptoboy": {"source": "redis://cache:6379/0", "use": ["veto"]}}
    again = CliRunner().invoke(app, ["strategy", "install", "--user-data", str(user_data)])
    assert "is up to date in" in again.stdout


def test_a_program_gets_one_object(user_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    ran = CliRunner().invoke(app, ["strategy", "install", "--user-data", str(user_data), "--json"])
    found = json.loads(ran.stdout)
    socket = tmp_path / "state" / "redis-6379.sock"
    assert found["configuration"]["cryptoboy"] == {"source": f"unix://{socket}", "use": ["veto"]}
    assert (found["before"], found["written"], found["version"]) == (None, True, "0.1.0")
