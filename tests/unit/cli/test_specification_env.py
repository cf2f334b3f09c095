"""The `.env` of the specification, word for word, gives the system that it describes."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest

from services.cli.support.options import settings_for
from services.cli.support.trading import CONFIRMATION, confirm_live_trading
from services.common.errors import StopProgram
from services.common.settings.settings import BrokerKind, ScorerKind, Settings
from services.launch.addresses import check_names
from services.launch.freqtrade.config import freqtrade_config
from services.launch.stack import Stack
from services.operations.secrets.takeover import find_secrets, unused_in_production
from tests.support.docs.specification import SPECIFIED


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / ".env"
    path.write_text(SPECIFIED)
    monkeypatch.setenv("CRYPTOBOY_ENV_FILE", str(path))
    return path


@pytest.mark.usefixtures("env_file")
def test_up_with_rabbitmq_scores_with_ollama_and_sends_nothing_to_placeholders(tmp_path: Path) -> None:
    settings = settings_for(BrokerKind.RABBITMQ)
    assert (settings.broker, settings.sentiment_scorer) == (BrokerKind.RABBITMQ, ScorerKind.OLLAMA)
    config = freqtrade_config(settings, database=tmp_path / "trades.sqlite")
    assert config["telegram"] == {"enabled": False, "token": "", "chat_id": ""}
    assert config["dry_run"] is True
    assert config["exchange"]["key"] == config["exchange"]["secret"] == ""
    assert config["exchange"]["pair_whitelist"] == ["BTC/USDT", "ETH/USDT", "BNB/USDT"]
    processor = next(p for p in Stack(settings, tmp_path).services() if p.name == "sentiment_processor")
    started_with = Settings.load(processor.environ)
    assert started_with.sentiment_scorer is ScorerKind.OLLAMA
    assert (started_with.ollama_host, started_with.ollama_model) == ("http://ollama:11434", "mistral:7b")
    assert (started_with.rabbitmq_user, started_with.redis_host) == ("cryptoboy", "redis")
    assert (started_with.news_poll_interval, started_with.log_level) == (300, "INFO")


@pytest.mark.usefixtures("env_file")
def test_outside_compose_it_says_what_to_write_instead_of_compose_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(StopProgram) as refused:
        check_names(settings_for(BrokerKind.RABBITMQ))
    redis, ollama = str(refused.value).splitlines()
    assert "localhost instead of redis in REDIS_HOST" in redis
    assert "localhost instead of ollama in OLLAMA_HOST" in ollama


@pytest.mark.usefixtures("env_file")
def test_live_trading_with_its_placeholder_keys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setattr("sys.stdin", io.StringIO(CONFIRMATION + "\n"))
    with pytest.raises(StopProgram, match="BINANCE_API_KEY"):
        confirm_live_trading(
            settings_for(BrokerKind.RABBITMQ).changed(live_trading_confirmation=CONFIRMATION)
        )


def test_production_takes_nothing_of_it_for_a_secret_and_says_what_it_does_not_use(env_file: Path) -> None:
    assert find_secrets(env_file).texts == {}
    unused = unused_in_production(env_file)
    assert unused == ("OLLAMA_HOST", "RABBITMQ_USER", "REDIS_HOST", "REDIS_PORT")
