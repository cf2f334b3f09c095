"""What Freqtrade's process prints lacks the secrets of its configuration, whoever prints and however."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.secrets.secret_texts import secrets_in
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.launch.freqtrade.config import freqtrade_config

TOKEN, KEY = "12345678:planted-token", "planted-exchange-key"

PRINTS = """
import logging, sys, threading
from services.launch.freqtrade.redact import redact_output
redact_output(sys.argv[1:])
logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
logging.warning("asked with %s", "planted-exchange-key")
try:
    raise ValueError("planted-exchange-key")
except ValueError:
    logging.exception("failed")
print("printed 12345678:planted-token")
def telegram():
    raise RuntimeError("The token `12345678:planted-token` was rejected by the server.")
thread = threading.Thread(target=telegram)
thread.start()
thread.join()
raise RuntimeError("at last planted-exchange-key")
"""


def run(config: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PRINTS, "trade", "--config", str(config)]
    return subprocess.run(command, cwd=PROJECT_ROOT, check=False, capture_output=True, text=True, timeout=150)


def test_log_output_and_tracebacks_lack_what_the_configuration_keeps(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"exchange": {"key": KEY}, "telegram": {"token": TOKEN}}))
    done = run(config)
    told = done.stdout + done.stderr
    assert "planted" not in told
    assert "printed ***" in told
    assert "asked with ***" in told
    assert "The token `***` was rejected" in told
    assert "at last ***" in told


@pytest.mark.parametrize("text", ["{", "[]", '{"telegram": {"token": "1"}}'])
def test_a_configuration_without_secrets_hides_nothing(text: str, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(text)
    assert f"printed {TOKEN}" in run(config).stdout


@pytest.mark.parametrize(
    "of_the_exchange",
    [
        ("binance_api_key", "binance_api_secret"),
        ("exchange_key", "exchange_secret", "exchange_password", "exchange_uid"),
    ],
)
def test_every_secret_of_the_settings_is_known_in_freqtrades_configuration(
    tmp_path: Path, of_the_exchange: tuple[str, ...]
) -> None:
    names = (
        *of_the_exchange,
        "telegram_bot_token",
        "freqtrade_api_pass",
        "freqtrade_ws_token",
        "redis_password",
    )
    settings = Settings.load({name.upper(): f"planted-{name}" for name in names} | {"DRY_RUN": "false"})
    found = secrets_in(freqtrade_config(settings, database=tmp_path / "trades.sqlite"))
    assert found > {f"planted-{name}" for name in names}
