"""docker-compose.yml, with and without the profile `llm`, and `./cryptoboy up` with its servers on the same machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

import pika
import pytest
import redis

from services.common.settings.settings import PROJECT_ROOT
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.containers.engine import Engine
from tests.support.containers.stack import Stack
from tests.support.containers.terminal import AtTerminal, type_line
from tests.support.docs.specification import SPECIFIED
from tests.support.waiting import eventually

MODEL = "mistral:7b"
SENT = b"before the restart"


@pytest.fixture(scope="module")
def development(empty_engine: Engine, folder: Path) -> Iterator[Stack]:
    """RabbitMQ and Redis, started as the specification says."""
    stack = Stack(empty_engine, folder, ("docker-compose.yml",))
    try:
        type_line(stack, "docker-compose up -d")
        stack.wait_healthy()
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="module")
def with_model(development: Stack) -> Stack:
    """Ollama besides, with the model, as the README says."""
    type_line(development, "docker compose --profile llm up -d")
    development.wait_healthy()
    type_line(development, f"docker compose exec ollama ollama pull {MODEL}")
    return development


def test_without_a_profile_only_rabbitmq_and_redis_run(development: Stack) -> None:
    assert set(development.running()) == {"rabbitmq", "redis"}


def test_the_specified_user_reaches_rabbitmq_and_its_page(development: Stack) -> None:
    with pika.BlockingConnection(rabbitmq_address()) as connection:
        assert connection.is_open
    page = development.http("http://localhost:15672/api/whoami", user="cryptoboy", password="cryptoboy123")
    assert json.loads(page)["tags"] == ["administrator"]


def test_messages_and_keys_survive_a_restart(development: Stack) -> None:
    with pika.BlockingConnection(rabbitmq_address()) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("kept", durable=True)
        channel.basic_publish("", "kept", SENT, pika.BasicProperties(delivery_mode=2))
    with redis.Redis() as client:
        client.set("kept", SENT)
    type_line(development, "docker-compose restart rabbitmq")
    type_line(development, "docker-compose restart redis")
    development.wait_healthy()
    with pika.BlockingConnection(rabbitmq_address()) as connection:
        channel = connection.channel()
        assert channel.basic_get("kept", auto_ack=True)[2] == SENT
        channel.queue_delete("kept")
    with redis.Redis() as client:
        assert client.getdel("kept") == SENT


def test_the_profile_adds_ollama_with_a_model(with_model: Stack) -> None:
    assert set(with_model.running()) == {"rabbitmq", "redis", "ollama"}
    with urlopen("http://localhost:11434/api/tags", timeout=10) as answer:
        assert [model["name"] for model in json.load(answer)["models"]] == [MODEL]


def test_without_the_profile_what_runs_goes_on(with_model: Stack) -> None:
    before = {name: each["Id"] for name, each in with_model.running().items()}
    type_line(with_model, "docker compose up -d")
    assert {name: each["Id"] for name, each in with_model.running().items()} == before


def test_up_says_what_to_write_instead_of_names_that_only_compose_knows(with_model: Stack) -> None:
    (with_model.folder / ".env").write_text(SPECIFIED)
    refused = with_model.cryptoboy("up", "--broker", "rabbitmq", check=False)
    assert "localhost instead of redis in REDIS_HOST" in refused
    assert "localhost instead of ollama in OLLAMA_HOST" in refused


@pytest.fixture(scope="module")
def world() -> Iterator[str]:
    """The world's feeds and its exchange as a program of this machine; the address of the former."""
    environ = {**os.environ, "WORLD_HOST": "127.0.0.1", "WORLD_NEWS_SECONDS": "0"}
    program = subprocess.Popen(
        [sys.executable, str(PROJECT_ROOT / "tests/support/containers/world.py")], env=environ
    )
    eventually(lambda: answers("http://127.0.0.1:8000/"), "the world")
    yield "http://127.0.0.1:8000"
    program.kill()
    program.wait()


@pytest.fixture(scope="module")
def up(with_model: Stack, world: str) -> Iterator[AtTerminal]:
    """`./cryptoboy up --broker rabbitmq` with the specification's settings and the servers of the containers."""
    (with_model.folder / ".env").write_text(SPECIFIED)
    exchange = json.dumps(ccxt_config("http://127.0.0.1:8085"))
    with_model.env(
        REDIS_HOST="localhost", OLLAMA_HOST="http://localhost:11434", EXCHANGE_CONFIG=f"'{exchange}'"
    )
    sources = with_model.folder / "services/data_ingestor/news_sources.toml"
    sources.write_text(f'[[source]]\nname = "coindesk"\nurl = "{world}/coindesk.xml"\n')
    published = Request(f"{world}/publish/5", method="POST")
    with urlopen(published, timeout=10) as answer:
        assert len(json.load(answer)) == 5
    with AtTerminal(with_model, "./cryptoboy up --broker rabbitmq") as running:
        yield running


def test_up_runs_everything_with_the_servers_of_the_containers(up: AtTerminal, with_model: Stack) -> None:
    for port in (8101, 8102, 8103, 8104):
        eventually(partial(answers, f"http://127.0.0.1:{port}/health"), up.read)
    eventually(lambda: answers("http://127.0.0.1:8080/api/v1/ping"), up.read)
    assert "DRY-RUN" in up.read()


def test_news_goes_through_rabbitmq_and_ollama_to_redis(up: AtTerminal, with_model: Stack) -> None:
    with redis.Redis(decode_responses=True) as client:
        eventually(lambda: client.keys("sentiment_signals:*"), up.read)
        (key, *_) = client.keys("sentiment:*")
        assert client.hget(key, "score") == "0.8"
        assert client.hget(key, "model") == MODEL
    queues = json.loads(with_model.cryptoboy("queues", "--broker", "rabbitmq", "--json"))
    assert queues


def test_ctrl_c_stops_everything(up: AtTerminal) -> None:
    up.press_ctrl_c()
    assert "stopping" in up.result()
    assert not answers("http://127.0.0.1:8101/live")


def answers(url: str) -> bool:
    """Whether the answer at a URL is one of success."""
    try:
        with urlopen(url, timeout=10):
            return True
    except OSError:
        return False


def rabbitmq_address() -> pika.ConnectionParameters:
    return pika.ConnectionParameters(
        "localhost", credentials=pika.PlainCredentials("cryptoboy", "cryptoboy123")
    )
