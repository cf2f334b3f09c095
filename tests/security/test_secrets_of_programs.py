"""A program that reads what strangers write was taken over, and looks for the keys of the exchange, and for any other.

It reads its own environment and that of the process which started it, as /proc shows them. `up` knows every secret, a
dry run has keys in its settings as well, and the shell from which it was started may hold them too.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from services.common.secrets.programs import SECRETS_OF_REDIS, with_secrets
from services.common.services import MODEL_ADDRESSES, SERVICES
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.report import is_secret
from services.common.settings.settings import BrokerKind, Settings
from services.launch.freqtrade.config import freqtrade_config
from services.launch.stack import Stack
from services.launch.supervisor import ProcessSpec
from tests.support.deploy.program_secrets import SECRETS_OF_FREQTRADE
from tests.support.servers.server_control import free_ports
from tests.support.waiting import eventually

SECRETS = frozenset(name for name, info in Settings.model_fields.items() if is_secret(info))
CCXT = (
    "apiKey",
    "secret",
    "password",
    "uid",
    "login",
    "privateKey",
    "walletAddress",
    "token",
    "twofa",
    "accountId",
)


def plant() -> dict[str, str]:
    """A secret for every variable that may hold one; in EXCHANGE_CONFIG one for every credential of ccxt."""
    planted = {name.upper(): f"planted{secrets.token_hex(12)}" for name in SECRETS}
    config = {name: f"planted{secrets.token_hex(12)}" for name in CCXT}
    nested = {"headers": {"X-MBX-APIKEY": f"planted{secrets.token_hex(12)}"}}
    planted["HISTORY_URL"] = f"postgresql+psycopg://history:{planted['HISTORY_URL']}@127.0.0.1:9/history"
    planted["NOTIFY_URLS"] = f"phone=json://operator:{planted['NOTIFY_URLS']}@127.0.0.1:9/"
    planted["EXCHANGE_CONFIG"] = json.dumps(config | nested | {"timeout": 20_000})
    for what in ("KEY", "SECRET"):
        planted[f"BINANCE_API_{what}"] = planted[f"EXCHANGE_{what}"]
    return planted


def found_in(environ: Mapping[str, str], planted: Mapping[str, str]) -> set[str]:
    """The settings whose secrets stand in an environment, whatever the variable is called."""
    text = "\n".join(environ.values())
    within = json.loads(planted["EXCHANGE_CONFIG"])
    config = {*within["headers"].values(), *(within[name] for name in CCXT)}
    found = {name.lower() for name, secret in planted.items() if secret in text}
    return found | ({"exchange_config"} if any(secret in text for secret in config) else set())


def programs(stack: Stack, folder: Path) -> dict[str, ProcessSpec]:
    now = datetime.now(UTC)
    exchange = stack.exchange(folder, "1m", now, now, 1)
    specs = [*stack.services(), *stack.watchers(), stack.store(), exchange]
    return {spec.name: spec for spec in (*specs, stack.freqtrade(throttle_seconds=5))}


ALLOWED = {name: (service.secrets & SECRETS) - {"exchange_config"} for name, service in SERVICES.items()} | {
    "redis": SECRETS_OF_REDIS,
    "replay_exchange": frozenset(),
    "freqtrade": frozenset(),
}


@pytest.mark.parametrize("dry_run", ["true", "false"])
@pytest.mark.parametrize("broker", list(BrokerKind))
def test_up_gives_every_program_only_the_secrets_of_the_registry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dry_run: str, broker: BrokerKind
) -> None:
    planted = plant()
    for name, secret in planted.items():
        monkeypatch.setenv(name, secret)
        monkeypatch.setenv(name.lower(), secret)
        monkeypatch.setenv(f"{name.title()}_File", secret)
        monkeypatch.setenv(f"FREQTRADE__{name}", secret)
    settings = Settings.load(planted | {"DRY_RUN": dry_run, "BROKER": broker.value}, None)
    started = programs(Stack(settings, tmp_path), tmp_path)
    assert started.keys() == ALLOWED.keys()
    unneeded = {"rabbitmq_pass"} if broker is BrokerKind.EMBEDDED else set()
    for name, spec in started.items():
        assert found_in(spec.environ, planted) == ALLOWED[name] - unneeded, name
        assert not found_in({"argv": " ".join(spec.argv)}, planted), name


def test_no_key_gets_anywhere_in_a_dry_run_and_in_a_live_one_into_freqtrades_file_alone(
    tmp_path: Path,
) -> None:
    planted = plant()
    written = {}
    for dry_run in ("true", "false"):
        settings = Settings.load(planted | {"DRY_RUN": dry_run}, None)
        written[dry_run] = json.dumps(freqtrade_config(settings, database=tmp_path / "x.sqlite"))
    keys = {name for name in SECRETS if name.startswith(("exchange_", "binance_"))}
    assert not found_in({"file": written["true"]}, planted) & keys
    live = found_in({"file": written["false"]}, planted)
    assert keys <= live
    assert live <= SECRETS_OF_FREQTRADE


class NewSettings(Settings):
    """With a secret that somebody adds without saying who may have it."""

    planted_secret: SecretStr | None = None


def test_a_new_secret_that_is_listed_nowhere_reaches_nobody(tmp_path: Path) -> None:
    settings = NewSettings(planted_secret=SecretStr("planted-new-secret"), state_dir=tmp_path)
    for service in SERVICES.values():
        assert "planted-new-secret" not in str(with_secrets(settings, service.secrets).environment())


def test_every_secret_is_listed_for_somebody_and_no_other_setting_is() -> None:
    listed = SECRETS_OF_FREQTRADE | SECRETS_OF_REDIS
    for service in SERVICES.values():
        listed |= service.secrets
    assert listed == SECRETS | MODEL_ADDRESSES
    keys = SECRETS_OF_FREQTRADE - {"redis_password", "exchange_config"}
    of_the_bots_api = {"freqtrade_api_pass", "freqtrade_ws_token"}
    found = {name: service.secrets & keys for name, service in SERVICES.items() if service.secrets & keys}
    assert found == {"history_recorder": of_the_bots_api}


def test_the_streamer_keeps_what_candles_are_asked_for_with() -> None:
    config: dict[str, Any] = {
        "apiKey": "planted-key", "uid": 123, "timeout": 20_000, "enableRateLimit": True,
        "urls": {"api": {"public": "http://127.0.0.1:9/api/v3", "private": "http://127.0.0.1:9/api/v3"}},
        "options": {"fetchMarkets": {"types": ["spot"]}, "apiSecret": "planted-secret"},
        "httpsProxy": "http://127.0.0.1:3128",
    }  # fmt: skip
    settings = Settings.load({"EXCHANGE_CONFIG": json.dumps(config)})
    kept = with_secrets(settings, SERVICES["market_streamer"].secrets).exchange_config.get_secret_value()
    del config["apiKey"], config["uid"], config["options"]["apiSecret"]
    assert kept == config


def test_a_password_in_the_address_of_a_model_reaches_the_processor_alone(tmp_path: Path) -> None:
    addresses = {
        "OLLAMA_HOST": "http://operator:planted-one@gpu:11434,http://gpu-2:11434",
        "OPENAI_BASE_URL": "https://planted-two@models.example/v1",
    }
    for spec in programs(Stack(Settings.load(addresses), tmp_path), tmp_path).values():
        assert ("planted" in str(spec.environ.values())) == (spec.name == "sentiment_processor"), spec.name
    plain = Settings.load({"OLLAMA_HOST": "http://gpu:11434"})
    assert with_secrets(plain, ()).ollama_host == "http://gpu:11434"


# --- processes that run


def environment_of_this_process(_: None) -> tuple[str, str]:
    """What a feed that took over the reader would read first, and what a library would."""
    return Path("/proc/self/environ").read_text(), json.dumps(dict(os.environ))


READ_IN_THE_READER = """
import json, sys, threading
from services.data_ingestor.news.rss.isolated import run_isolated
from tests.security.test_secrets_of_programs import environment_of_this_process as read
if __name__ == "__main__":
    print(json.dumps(run_isolated(read, None, seconds=60, stop=threading.Event(), doing="reading")))
"""


def test_the_process_that_reads_feeds_has_no_secret_in_its_environment(tmp_path: Path) -> None:
    planted = plant()
    others = {
        "FREQTRADE__EXCHANGE__KEY": f"planted{secrets.token_hex(12)}",
        "AWS_SECRET_ACCESS_KEY": f"planted{secrets.token_hex(12)}",
        "GITHUB_TOKEN": f"planted{secrets.token_hex(12)}",
        "exchange_key": planted["EXCHANGE_KEY"],
    }
    script = tmp_path / "read.py"
    script.write_text(READ_IN_THE_READER)
    environ = {
        **os.environ,
        **planted,
        **others,
        "PYTHONPATH": PYTHON_PATH,
        "HTTPS_PROXY": "http://proxy:3128",
    }
    done = subprocess.run(
        [sys.executable, str(script)], env=environ, capture_output=True, text=True, timeout=120, check=True
    )
    for text in json.loads(done.stdout):
        assert "planted" not in text
        assert "HTTPS_PROXY" in text, "feeds are asked through it"


def test_a_running_poller_and_all_its_processes_hold_no_secret(tmp_path: Path) -> None:
    """The real service as `up` starts it with embedded parts, after it asked for a real feed; /proc of each process."""
    planted = plant()
    (health,) = free_ports(1)
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nname = "paper"\nurl = "http://127.0.0.1:9/rss"\n')
    given = {"NEWS_SOURCES_FILE": str(sources), "STATE_DIR": str(tmp_path), "BROKER": "embedded"}
    stack = Stack(Settings.load(planted | given), tmp_path, health_ports=dict.fromkeys(SERVICES, health))
    spec = next(each for each in stack.services() if each.name == "news_poller")
    log = tmp_path / "log"
    environ = {**spec.environ, "PYTHONPATH": PYTHON_PATH}
    with log.open("wb") as output, subprocess.Popen(
        list(spec.argv), env=environ, stdout=output, stderr=output
    ) as process:  # fmt: skip
        try:
            eventually(lambda: b"source_failed" in log.read_bytes() or process.poll() is not None)
            poller = psutil.Process(process.pid)
            others = poller.children(recursive=True)
            held = {each.pid: found_in(each.environ(), planted) for each in (poller, *others)}
        finally:
            process.kill()
    assert others, "the server that readers are forked from"
    assert not any(held.values())


def test_a_service_started_by_itself_takes_of_a_full_env_file_only_what_is_its_own() -> None:
    """`.env` and the environment of a machine hold everything, and the service's settings hold its own."""
    planted = plant()
    settings = Settings.load(planted)
    for service in SERVICES.values():
        own = with_secrets(settings, service.secrets)
        assert found_in({"all": str(own.environment())}, planted) == ALLOWED[service.name]
