"""TLS to real servers: spoken where it is asked for, refused with a way out where it cannot be trusted."""

from __future__ import annotations

import logging
import os
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import cryptoboy_sentiment as news
import pytest
from pydantic import SecretStr

from services.common.broker.open import open_broker
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE
from services.common.clock import SystemClock
from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.common.store.open import open_store
from services.operations.queues.rates import read_rates
from services.operations.secrets.certificates import CA_FILE, CERTIFICATE_FILE, KEY_FILE, make_certificates
from services.operations.secrets.files import make_secrets
from services.sentiment_analyzer.scorers.model.chat import ChatServer, PersonNeededError
from services.sentiment_analyzer.scorers.model.ollama import OllamaServer
from services.sentiment_analyzer.scorers.model.openai import OpenAiServer
from tests.support.scoring.scripted_ollama import MODEL, ScriptedOllama
from tests.support.servers.production_servers import ProductionRabbit, ProductionRedis
from tests.support.servers.servers import RabbitServer
from tests.support.store.store_samples import NOW, PAIR, make_signal
from tests.support.strategy.strategy_samples import strategy_client
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    make_secrets(folder)
    make_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def other_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("others")
    make_certificates(folder)
    return folder / CA_FILE


@pytest.fixture(scope="module")
def rabbit(secrets: Path) -> Iterator[ProductionRabbit]:
    with ProductionRabbit(secrets, tls=True) as server:
        yield server


@pytest.fixture(scope="module")
def redis_tls(secrets: Path) -> Iterator[ProductionRedis]:
    with ProductionRedis(secrets, tls=True) as server:
        yield server


def rabbit_settings(rabbit: ProductionRabbit, user: str, ca: Path) -> Settings:
    return Settings(
        rabbitmq_host="127.0.0.1",
        rabbitmq_port=rabbit.port,
        rabbitmq_management_port=rabbit.management_port,
        rabbitmq_user=user,
        rabbitmq_pass=SecretStr(rabbit.passwords[user]),
        rabbitmq_declare=False,
        rabbitmq_tls=True,
        rabbitmq_ca_file=ca,
    )


def redis_settings_of(server: ProductionRedis, ca: Path) -> Settings:
    return Settings(
        redis_host="127.0.0.1",
        redis_port=server.port,
        redis_user="signal_cacher",
        redis_password=SecretStr(server.passwords["signal_cacher"]),
        redis_tls=True,
        redis_ca_file=ca,
    )


def test_messages_and_rates_go_over_tls(rabbit: ProductionRabbit, secrets: Path) -> None:
    with closing(
        open_broker(rabbit_settings(rabbit, "news_poller", secrets / CA_FILE), SystemClock())
    ) as broker:
        broker.start()
        broker.publish([OutgoingMessage(NEWS_ARTICLE, b"{}", "id")])
    operator = rabbit_settings(rabbit, "operator", secrets / CA_FILE)
    eventually(lambda: "raw_news_data" in read_rates(operator), "its API answers in time")


def test_a_certificate_of_our_own_is_shown_where_it_is_given(rabbit: ProductionRabbit, secrets: Path) -> None:
    settings = rabbit_settings(rabbit, "news_poller", secrets / CA_FILE).changed(
        rabbitmq_cert_file=secrets / CERTIFICATE_FILE, rabbitmq_key_file=secrets / KEY_FILE
    )
    with closing(open_broker(settings, SystemClock())) as broker:
        broker.start()
        broker.publish([OutgoingMessage(NEWS_ARTICLE, b"{}", "id")])


def test_a_rabbitmq_of_another_ca_is_not_trusted(rabbit: ProductionRabbit, other_ca: Path) -> None:
    settings = rabbit_settings(rabbit, "news_poller", other_ca)
    with (
        closing(open_broker(settings, SystemClock())) as broker,
        pytest.raises(StopProgram, match=r"not to be trusted; RABBITMQ_CA_FILE must name the CA"),
    ):
        broker.start()
    assert read_rates(settings) == {}


def test_a_rabbitmq_that_speaks_no_tls_there_is_told_apart(rabbitmq: RabbitServer, secrets: Path) -> None:
    settings = Settings(rabbitmq_host=rabbitmq.host, rabbitmq_port=rabbitmq.port, rabbitmq_tls=True)
    with (
        closing(open_broker(settings, SystemClock())) as broker,
        pytest.raises(StopProgram, match="does not speak TLS there; set RABBITMQ_PORT"),
    ):
        broker.start()


@pytest.mark.parametrize("make", [open_store, lambda settings: open_broker(settings, SystemClock())])
def test_a_file_that_cannot_be_used_is_named_before_anything_connects(
    make: Callable[[Settings], object], tmp_path: Path
) -> None:
    noise = tmp_path / "noise.pem"
    noise.write_text("no certificate")
    for file in (noise, tmp_path / "nowhere.pem"):
        settings = Settings(redis_tls=True, rabbitmq_tls=True, redis_ca_file=file, rabbitmq_ca_file=file)
        with pytest.raises(StopProgram, match=rf"(REDIS|RABBITMQ)_CA_FILE=.*{file.name} cannot be used"):
            make(settings)


def test_the_cacher_writes_and_the_strategy_reads_over_tls(redis_tls: ProductionRedis, secrets: Path) -> None:
    with closing(open_store(redis_settings_of(redis_tls, secrets / CA_FILE))) as store:
        store.write([make_signal()], NOW)
    source = seen_by_strategy(redis_tls, secrets / CA_FILE)
    assert source.readable(PAIR)
    assert len(source.signals(PAIR)) == 1


def seen_by_strategy(server: ProductionRedis, ca: Path) -> news.RedisSignals:
    with strategy_client(
        "127.0.0.1",
        server.port,
        server.passwords["strategy"],
        redis_user="strategy",
        redis_tls=True,
        redis_ca_file=str(ca),
    ) as client:
        source = news.RedisSignals(client, window=timedelta(hours=48))
        source.refresh([PAIR], NOW)
    return source


def test_a_redis_of_another_ca_is_not_trusted(
    redis_tls: ProductionRedis, other_ca: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        closing(open_store(redis_settings_of(redis_tls, other_ca))) as store,
        pytest.raises(StopProgram, match=r"not to be trusted; REDIS_CA_FILE must name the CA"),
    ):
        store.check()
    with caplog.at_level(logging.WARNING):
        assert not seen_by_strategy(redis_tls, other_ca).readable(PAIR)
    assert "certificate verify failed" in caplog.text.lower()


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    make_certificates(tmp_path, names=("redis.example",))
    with (
        ProductionRedis(tmp_path, tls=True, verify=False) as server,
        closing(open_store(redis_settings_of(server, tmp_path / CA_FILE))) as store,
        pytest.raises(StopProgram, match="IP address mismatch"),
    ):
        store.check()


def test_without_tls_nobody_gets_in(
    redis_tls: ProductionRedis, rabbit: ProductionRabbit, secrets: Path
) -> None:
    plain = redis_settings_of(redis_tls, secrets / CA_FILE).changed(redis_tls=False)
    with closing(open_store(plain)) as store, pytest.raises(TryLater):
        store.check()
    plain = rabbit_settings(rabbit, "news_poller", secrets / CA_FILE).changed(rabbitmq_tls=False)
    with closing(open_broker(plain, SystemClock())) as broker, pytest.raises(TryLater):
        broker.start()


@pytest.fixture
def model_server(secrets: Path) -> Iterator[ScriptedOllama]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secrets / CERTIFICATE_FILE, secrets / KEY_FILE)
    with ScriptedOllama(tls=context) as server:
        yield server


def chat_servers(server: ScriptedOllama, ca: Path | None) -> list[ChatServer]:
    return [
        OllamaServer(server.url, MODEL, timeout=30, ca_file=ca),
        OpenAiServer(f"{server.url}/v1", MODEL, key=None, timeout=30, ca_file=ca),
    ]


def test_models_answer_over_tls(model_server: ScriptedOllama, secrets: Path) -> None:
    for chat in chat_servers(model_server, secrets / CA_FILE):
        with closing(chat):
            chat.probe()
            assert chat.chat(HELLO, schema=None, max_tokens=16).text == "ok"


@pytest.mark.parametrize(("number", "variable"), [(0, "OLLAMA_CA_FILE"), (1, "OPENAI_CA_FILE")])
def test_a_model_server_of_another_ca_is_not_trusted(
    model_server: ScriptedOllama, other_ca: Path, number: int, variable: str
) -> None:
    for ca in (other_ca, None):
        with closing(chat_servers(model_server, ca)[number]) as chat:
            with pytest.raises(PersonNeededError, match=variable):
                chat.probe()
            with pytest.raises(PersonNeededError, match=variable):
                chat.chat(HELLO, schema=None, max_tokens=16)
    assert model_server.requests == []


def test_a_backup_is_written_by_the_command_of_the_backup_script(
    redis_tls: ProductionRedis, secrets: Path
) -> None:
    script = (PROJECT_ROOT / "deploy/backup.sh").read_text()
    (named,) = re.findall(r'^redis\(\) .* redis-cli (.+) "\$@"', script, re.MULTILINE)
    by_the_container = ["--tls", "--cacert", str(secrets / CA_FILE)]  # deploy/redis/redis-cli
    said = subprocess.run(
        ["redis-cli", "-p", str(redis_tls.port), *by_the_container, *named.split(), "bgsave", "schedule"],
        env={**os.environ, "REDISCLI_AUTH": redis_tls.passwords["operator"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Background saving" in said.stdout
