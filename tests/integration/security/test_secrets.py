"""Planted secrets, and every kind of failure: none of them is told by anything that others can read."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from devtools.servers.programs import Program
from services.common.services import SERVICES
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.secrets import secret_variables
from services.common.settings.settings import Settings
from services.sentiment_analyzer.scorers.build import check_scorer_settings
from tests.support.market.live_exchange import LiveExchange
from tests.support.scoring.scripted_ollama import Reply, ScriptedOllama
from tests.support.servers.server_control import free_ports
from tests.support.servers.servers import RabbitServer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]  # many programs at once on a busy machine

SECRETS = secret_variables(Settings.model_fields)
PATIENCE_SECONDS = 120.0


def plant() -> dict[str, str]:
    """A secret for every variable that may hold one, unlike anything else."""
    planted = {name: f"planted{secrets.token_hex(12)}" for name in SECRETS}
    return planted | {
        "TELEGRAM_BOT_TOKEN": f"12345678:{planted['TELEGRAM_BOT_TOKEN']}",
        "EXCHANGE_CONFIG": json.dumps({"privateKey": planted["EXCHANGE_CONFIG"]}),
        "HISTORY_URL": f"postgresql+psycopg://recorder:{planted['HISTORY_URL']}@127.0.0.1:9/history",
        "NOTIFY_URLS": f"phone=json://operator:{planted['NOTIFY_URLS']}@127.0.0.1:9/",
        "NOTIFY_TELEGRAM_TOKEN": f"87654321:{planted['NOTIFY_TELEGRAM_TOKEN']}",
    }


def environment(folder: Path, **variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in Settings.variables()}
    sources = folder / "sources.toml"
    sources.write_text('[[source]]\nname = "paper"\nurl = "http://127.0.0.1:9/rss"\n')
    common = {
        "CRYPTOBOY_ENV_FILE": "",
        "PYTHONPATH": PYTHON_PATH,
        "LOG_LEVEL": "DEBUG",
        "NOTIFY_TELEGRAM_API": "http://127.0.0.1:9",
        "NEWS_SOURCES_FILE": str(sources),
    }
    return inherited | common | variables


class Parts:
    """Programs that run, and everything that they told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []
        self._programs: dict[str, Program] = {}

    def start(self, name: str, module: str, variables: Mapping[str, str], *arguments: str) -> None:
        command = [sys.executable, "-P", "-m", module, *arguments]
        self._programs[name] = Program(command, dict(variables), self.folder / f"{name}.log")

    def look(self, name: str, port: int, said: str = "") -> None:
        """Until the part tried what fails and said so, then at its answers and its arguments."""
        program = self._programs[name]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while program.problem() is None and not self._has_failed(name, said):
            assert time.monotonic() < deadline, program.output.read_text()
            time.sleep(0.1)
        if program.problem() is None:
            with suppress(psutil.Error):  # it, or a process of its, was about to end
                process = psutil.Process(program.process.pid)
                for each in (process, *process.children(recursive=True)):
                    self.told.append(" ".join(each.cmdline()))
            try:
                for path in ("/health", "/metrics"):
                    answer = httpx.get(f"http://127.0.0.1:{port}{path}", timeout=30, trust_env=False)
                    self.told.append(answer.text)
            except httpx.TransportError:
                program.process.wait(PATIENCE_SECONDS)  # it was about to end

    def _has_failed(self, name: str, said: str) -> bool:
        text = self._programs[name].output.read_text(errors="replace")
        # The API answers without its servers, and says of each in /health that it cannot be used.
        ends = ("service_waiting", "service_cannot_work", "service_ready")
        return said in text and any(end in text for end in ends)

    def close(self) -> None:
        """End all, and read their logs."""
        for program in self._programs.values():
            program.kill()
            self.told.append(program.output.read_text(errors="replace"))


@contextmanager
def parts(folder: Path) -> Iterator[Parts]:
    running = Parts(folder)
    try:
        yield running
    finally:
        running.close()


def leaked(planted: Mapping[str, str], told: str) -> list[str]:
    """The variables whose secret, or a part of it that is one, stands in a text."""
    return [
        name
        for name, secret in planted.items()
        if secret in told or any(part in told for part in re.findall(r"planted[0-9a-f]+", secret))
    ]


def test_services_that_are_refused_tell_no_secret(
    rabbitmq: RabbitServer, redis_server: object, tmp_path: Path
) -> None:
    """Wrong passwords on a real RabbitMQ; a model server that refuses the key, and repeats it.

    The model server's address holds a password as well, which libraries tell that tell whom they ask.
    """
    planted = plant()
    in_address = "planted" + secrets.token_hex(12)
    echo = {"error": {"message": f"Incorrect API key provided: {planted['OPENAI_API_KEY']}"}}
    with ScriptedOllama() as model, parts(tmp_path) as running:
        for path in ("/v1/models", "/v1/chat/completions"):
            model.usually(path, Reply(401, json.dumps(echo).encode()))
        ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        for name, service in SERVICES.items():
            variables = planted | {
                "RABBITMQ_HOST": rabbitmq.host,
                "RABBITMQ_PORT": str(rabbitmq.port),
                "RABBITMQ_MANAGEMENT_PORT": str(rabbitmq.management_port),
                "SENTIMENT_SCORER": "openai",
                "OPENAI_MODEL": "m",
                "OPENAI_BASE_URL": f"{model.url}/v1".replace("://", f"://operator:{in_address}@"),
                "HEALTH_PORT": str(ports[name]),
                "STATE_DIR": str(tmp_path / name),
                "EXCHANGE": "binance",
            }
            if name == "sentiment_processor":  # let in, so that it gets as far as the model
                variables |= {"RABBITMQ_USER": rabbitmq.user, "RABBITMQ_PASS": rabbitmq.password}
            running.start(name, service.module, environment(tmp_path, **variables))
        for name, port in ports.items():
            # A busy RabbitMQ may be waited for before the model is asked.
            running.look(name, port, "status 401" if name == "sentiment_processor" else "")
    told = "\n".join(running.told)
    assert "ACCESS_REFUSED" in told.upper() or "refuses" in told
    assert "status 401" in told
    assert leaked(planted | {"OPENAI_BASE_URL": in_address}, told) == []
    assert rabbitmq.password not in told
    assert "***" in told, "the model server's echo was cut"


def test_services_whose_servers_are_away_tell_no_secret(tmp_path: Path) -> None:
    planted = plant()
    with parts(tmp_path) as running:
        away, *ports = free_ports(1 + len(SERVICES))
        for (name, service), port in zip(SERVICES.items(), ports, strict=True):
            variables = planted | {
                "RABBITMQ_PORT": str(away),
                "REDIS_PORT": str(away),
                "SENTIMENT_SCORER": "lexicon",
                "HEALTH_PORT": str(port),
                "STATE_DIR": str(tmp_path / name),
            }
            running.start(name, service.module, environment(tmp_path, **variables))
        for name, port in zip(SERVICES, ports, strict=True):
            running.look(name, port)
    told = "\n".join(running.told)
    assert told.count("service_waiting") >= len(SERVICES)
    assert leaked(planted, told) == []


@pytest.mark.parametrize("neighbour", [
    {"RABBITMQ_PORT": "many"}, {"REDIS_PASSWORD_FILE": "/nowhere"}, {"BINANCE_API_SECERT": "{}"},
    {"EXCHANGE_CONFIG": '{"apiKey": "{}"'}, {"OPENAI_BASE_URL": "ftp://user:{}@host"},
    {"RABBITMQ_HOST": "amqp://user:{}@host", "HEALTH_PORT": "-1"},
])  # fmt: skip
def test_a_mistake_beside_a_secret_does_not_tell_it(neighbour: dict[str, str]) -> None:
    planted = plant()
    text = "planted" + secrets.token_hex(12)
    variables = {name: value.replace("{}", text) for name, value in neighbour.items()}
    with pytest.raises(
        Exception, match=next(iter(neighbour)) if len(neighbour) == 1 else "HEALTH_PORT"
    ) as told:
        check_scorer_settings(Settings.load(planted | variables | {"SENTIMENT_SCORER": "openai"}))
    assert leaked(planted | {"NEIGHBOUR": text}, str(told.value)) == []


def test_settings_that_are_printed_tell_no_secret() -> None:
    planted = plant()
    settings = Settings.load(planted)
    assert leaked(planted, f"{settings} {settings!r} {settings.model_dump_json()}") == []


@pytest.fixture
def exchange() -> Iterator[LiveExchange]:
    with LiveExchange() as running:
        yield running


def test_a_live_freqtrade_that_cannot_work_tells_no_secret(tmp_path: Path, exchange: LiveExchange) -> None:
    """With keys, a token and passwords, on an exchange that has no markets, and a Redis that is away."""
    planted = plant()
    # Two names for the same keys, which may not differ.
    planted |= {f"BINANCE_API_{what}": planted[f"EXCHANGE_{what}"] for what in ("KEY", "SECRET")}
    away, api = free_ports(2)
    variables = planted | {
        "DRY_RUN": "false",
        "LIVE_TRADING_CONFIRMATION": "trade with real money",
        "TELEGRAM_CHAT_ID": "1",
        "EXCHANGE_CONFIG": json.dumps(json.loads(planted["EXCHANGE_CONFIG"]) | exchange.config()),
        "REDIS_PORT": str(away),
        "FREQTRADE_API_PORT": str(api),
        "STATE_DIR": str(tmp_path / "state"),
    }
    log = tmp_path / "freqtrade.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "services.cli", "trade"],
            env=environment(tmp_path, **variables), stdout=output, stderr=output,
        )  # fmt: skip
        cmdline = ""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and "Could not load markets" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            with suppress(psutil.Error):  # it was about to end
                cmdline = " ".join(psutil.Process(process.pid).cmdline()) or cmdline
            time.sleep(0.1)
        process.kill()
        process.wait()
    told = log.read_text() + cmdline
    assert "Could not load markets" in told
    assert leaked(planted, told) == []
    config = tmp_path / "state" / "trade" / "freqtrade.json"
    assert planted["BINANCE_API_SECRET"] in config.read_text(), "it is the file that holds them"
    assert config.stat().st_mode & 0o777 == 0o600
    holding = [
        path
        for path in (tmp_path / "state").rglob("*")
        if path.is_file() and leaked(planted, path.read_text(errors="replace"))
    ]
    assert holding == [config]
