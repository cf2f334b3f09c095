from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli import secret_files
from services.operations.secrets.files import (
    GIVEN,
    MADE,
)

FOUND = """
BINANCE_API_KEY=key-of-binance
BINANCE_API_SECRET=your_api_secret
TELEGRAM_BOT_TOKEN='123:abc'
RABBITMQ_USER=cryptoboy
RABBITMQ_PASS=cryptoboy123
REDIS_HOST=redis
REDIS_PASSWORD=of my own
TRADING_PAIRS=BTC/USDT
OPENAI_API_KEY_FILE={file}
"""


def test_the_command_says_what_it_made_and_never_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(secret_files, "CONFIGURATION", tmp_path)
    folder = tmp_path / "secrets"
    secret_files.init(folder, json_output=True)
    secret_files.init(folder, json_output=False)
    said = capsys.readouterr()
    assert set(json.loads(said.out)["made"]) == {*MADE, *GIVEN}
    assert "0 made" in said.err
    assert "alert_pages_url" in said.err
    assert f"CRYPTOBOY_SECRETS={folder}" in (tmp_path / ".env").read_text()
    assert not any((folder / name).read_text().strip() in said.out + said.err for name in MADE)


def test_what_env_holds_is_taken_over_and_what_production_does_not_use_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "openai").write_text("sk-1\n")
    (tmp_path / ".env").write_text(FOUND.format(file=tmp_path / "openai"))
    monkeypatch.setattr(secret_files, "CONFIGURATION", tmp_path)
    folder = tmp_path / "secrets"
    secret_files.init(folder)
    said = capsys.readouterr().err
    taken = {"binance_api_key": "key-of-binance", "telegram_bot_token": "123:abc", "openai_api_key": "sk-1"}
    for name, text in {**taken, "redis_operator": "of my own"}.items():
        assert (folder / name).read_text() == f"{text}\n"
        assert text not in said
    assert (folder / "binance_api_secret").read_text() == ""
    assert not [name for name in (*MADE, *GIVEN) if "cryptoboy123" in (folder / name).read_text()]
    assert "RABBITMQ_PASS is the password of development" in said
    assert "BINANCE_API_SECRET only stands where" in said
    unused = next(line for line in said.splitlines() if "does not use these lines" in line)
    assert "REDIS_HOST" in unused
    assert "RABBITMQ_USER" in unused
    assert "TRADING_PAIRS" not in unused
