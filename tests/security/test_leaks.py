"""Whoever reads a log, a support request or the API's log, with errors that nobody foresaw, must not find a key there.

Libraries put what they were given into their errors, and tracebacks of some kinds show the values of local variables.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.common.services import API, NOTIFIER, SERVICES
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.secrets import secret_variables
from services.common.settings.settings import Settings

FORMATS = ("text", "json")

# Raised deep in a program, with every secret in local variables and in the message, in several ways of writing.
BREAK = """
import base64, importlib, json, sys, threading
from urllib.parse import quote
from services.common.settings.settings import Settings

def quotes_everything(settings):
    known = settings.environment()
    password = settings.rabbitmq_pass.get_secret_value()
    as_json = json.dumps(known)
    config = json.loads(known["EXCHANGE_CONFIG"] or "{}")
    quoted = [quote(text, safe="") for text in known.values()]
    encoded = [base64.b64encode(text.encode()).decode() for text in known.values()]
    raise RuntimeError(f"unforeseen {password * 40} {known} {as_json} {quoted} {encoded} {config}")

def deep(settings, *others, **named):
    password = settings.rabbitmq_pass.get_secret_value()
    def in_a_thread():
        hidden = settings.environment()
        quotes_everything(settings)
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    quotes_everything(settings)
"""
SERVICE = """
import services.common.broker.open
services.common.broker.open.open_broker = deep
sys.exit(importlib.import_module(MODULE).main())
"""
# The API uses no server before it is asked.
SERVED = """
import services.api.service
services.api.service.build_app = deep
sys.exit(importlib.import_module(MODULE).main())
"""
# The notifier has no broker.
NOTIFYING = """
import services.common.history.open
services.common.history.open.open_reader = deep
sys.exit(importlib.import_module(MODULE).main())
"""
COMMAND = """
from services.cli import app, up
up.check_names = deep
sys.argv = ["cryptoboy", "up"]
app.main()
"""
TOOL = """
from devtools.commands import tool
def command() -> None:
    deep(Settings.load())
tool.run_tool(command, "tool")
"""
DOCTOR = """
from services.cli import app, doctor
from services.operations.checks import check
def ask(settings):
    return lambda: quotes_everything(settings)
doctor.all_checks = lambda settings: [check.Question("broken", ask(settings), "mend it")]
sys.argv = ["cryptoboy", "doctor"]
app.main()
"""


def plant() -> dict[str, str]:
    """A secret for every variable that may hold one, unlike anything else; the odd characters are written variously."""
    planted = {
        name: f"planted{secrets.token_hex(8)}/+ü"
        for name in secret_variables(Settings.model_fields)
        if not name.startswith("BINANCE")
    }
    planted["TELEGRAM_BOT_TOKEN"] = f"12345678:{planted['TELEGRAM_BOT_TOKEN']}"
    planted["HISTORY_URL"] = f"postgresql+psycopg://history:planted{secrets.token_hex(8)}@127.0.0.1:9/history"
    planted["NOTIFY_URLS"] = f"phone=json://operator:planted{secrets.token_hex(8)}@127.0.0.1:9/"
    planted["NOTIFY_TELEGRAM_TOKEN"] = f"87654321:planted{secrets.token_hex(8)}"
    planted["EXCHANGE_CONFIG"] = json.dumps(
        {
            "privateKey": f"planted{secrets.token_hex(8)}",
            "walletAddress": f"0xplanted{secrets.token_hex(8)}",
            "httpsProxy": f"http://user:planted{secrets.token_hex(8)}@127.0.0.1:9",
            "headers": {"Authorization": f"Bearer planted{secrets.token_hex(8)}"},
        }
    )
    return planted


def run(code: str, planted: Mapping[str, str], log_format: str, folder: Path) -> str:
    inherited = {name: value for name, value in os.environ.items() if name not in Settings.variables()}
    variables = {
        "CRYPTOBOY_ENV_FILE": "",
        "PYTHONPATH": PYTHON_PATH,
        "LOG_FORMAT": log_format,
        "LOG_LEVEL": "DEBUG",
        "STATE_DIR": str(folder),
        "HEALTH_PORT": "0",
        "SENTIMENT_SCORER": "lexicon",
        "NOTIFY_TELEGRAM_API": "http://127.0.0.1:9",
        "HTTPS_PROXY": f"http://user:planted{secrets.token_hex(8)}@127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", BREAK + code],
        env={**inherited, **planted, **variables}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode, "it failed"
    return done.stdout + done.stderr


PROGRAMS = {
    **{
        name: f"MODULE = {service.module!r}\n" + {API: SERVED, NOTIFIER: NOTIFYING}.get(name, SERVICE)
        for name, service in SERVICES.items()
    },
    "command": COMMAND,
    "tool": TOOL,
    "doctor": DOCTOR,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What each program said in each format; two at a time."""
    planted = plant()
    folder = tmp_path_factory.mktemp("state")
    cases = [(name, log_format) for name in PROGRAMS for log_format in FORMATS]
    with ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda case: run(PROGRAMS[case[0]], planted, case[1], folder), cases)
        return dict(zip(cases, said, strict=True))


@pytest.mark.parametrize("log_format", FORMATS)
@pytest.mark.parametrize("program", list(PROGRAMS))
def test_an_unforeseen_error_that_quotes_every_secret_tells_none(
    told: dict[tuple[str, str], str], program: str, log_format: str
) -> None:
    text = told[program, log_format]
    assert "unforeseen" in text, "the error was told"
    assert "planted" not in text
    assert "***" in text


@pytest.mark.parametrize("program", [*SERVICES, "command", "tool"])
def test_a_traceback_shows_where_and_no_local_variable(
    told: dict[tuple[str, str], str], program: str
) -> None:
    text = told[program, "text"]
    assert "in quotes_everything" in text
    assert "Traceback (most recent call last)" in text
    assert "locals" not in text


BOT = """
import logging, sys
from services.launch.freqtrade.redact import redact_output
redact_output(sys.argv[1:])
from freqtrade.loggers import bufferHandler, setup_logging_pre
setup_logging_pre()
config = {CONFIG}
log = logging.getLogger("freqtrade.exchange.exchange")
log.info("Applying additional ccxt config: %s", config["exchange"]["ccxt_config"])
class Strategy:
    def populate_indicators(self):
        secret = config["exchange"]["secret"]
        raise RuntimeError(f"deep in the strategy {{config}}")
try:
    Strategy().populate_indicators()
except RuntimeError:
    log.exception("Unexpected error %s calling", config["webhook"]["url"])
key = config["exchange"]["key"]
for piece in ("asked with ", key[:5], key[5:9], key[9:], " and "):
    sys.stdout.write(piece)
    sys.stdout.flush()
for character in key:
    print(character, end="", flush=True)
sys.stdout.buffer.write(f" in bytes {{key}}\\n".encode())
sys.stdout.flush()
for record in bufferHandler.buffer:
    print("api:", record.getMessage(), record.exc_text)
Strategy().populate_indicators()
"""


def test_freqtrades_process_tells_no_secret_of_its_configuration(tmp_path: Path) -> None:
    """In its log of ccxt's configuration, in an error of the strategy, in pieces, in its API; lines break at 40."""

    def made() -> str:
        return f"planted{secrets.token_hex(12)}"

    config = {
        "exchange": {
            "key": made(),
            "secret": made(),
            "ccxt_config": {
                "privateKey": f"-----BEGIN KEY-----\n{made()}\n{made()}\n-----END KEY-----",
                "passphrase": made(),
                "walletAddress": made(),
                "accounts": [{"id": made(), "token": made()}],
                "httpsProxy": f"http://user:{made()}@127.0.0.1:8888",
                "socksProxy": f"socks5://user:p%40{made()}@127.0.0.1:8888",
                "wsProxy": f"user:{made()}@127.0.0.1:8888",
                "headers": {"X-API-KEY": made(), "Authorization": f"Bearer {made()}"},
                "urls": {"api": {"private": f"http://127.0.0.1:9/api?token={made()}"}},
                "apiKey": made(),
            },
        },
        "api_server": {"ws_token": made(), "password": f"{made()}/\"'ü"},
        "webhook": {"enabled": True, "url": f"https://hooks.example.org/{made()}"},
        "discord": {"webhook_url": f"https://discord.example.org/{made()}"},
        "db_url": f"postgresql+psycopg://bot:{made()}@127.0.0.1/trades",
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    done = subprocess.run(
        [sys.executable, "-c", BOT.format(CONFIG=config), "trade", "--config", str(file)],
        env={**os.environ, "COLUMNS": "40", "PYTHONPATH": PYTHON_PATH, "CRYPTOBOY_ENV_FILE": ""},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    text = done.stdout + done.stderr
    unbroken = "".join(text.split())
    assert "Applyingadditionalccxtconfig" in unbroken
    assert "deepinthestrategy" in unbroken
    assert "asked with *** and ***" in text.replace("pla***", "***")
    assert "in bytes ***" in text
    assert "127.0.0.1:8888" in unbroken, "what is no secret stays"
    assert "lanted" not in unbroken


FETCH = """
from services.cli import app
sys.argv = ["cryptoboy", "history", "fetch", "--out", OUT, "--from", "2025-05-01", "--to", "2025-05-02"]
app.main()
"""


def test_freqtrades_log_of_a_download_tells_no_key_and_no_password_of_a_proxy(tmp_path: Path) -> None:
    planted = {"EXCHANGE_CONFIG": plant()["EXCHANGE_CONFIG"]}
    text = run(f"OUT = {str(tmp_path / 'candles')!r}\n" + FETCH, planted, "text", tmp_path)
    assert "Applying additional ccxt config" in text
    assert "httpsProxy" in text
    assert "planted" not in text
