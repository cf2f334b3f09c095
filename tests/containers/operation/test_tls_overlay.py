"""TLS between the parts: docker-compose.tls.yml on a running system, and the lines of the guide with it.

Leaves production as it was, without TLS.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.containers.engine import said
from tests.support.containers.news import headlines, next_signal, no_dead_letters, publish
from tests.support.containers.prometheus_targets import targets_down
from tests.support.containers.stack import PRODUCTION, TLS, WORLD, Stack
from tests.support.docs.guide import typed
from tests.support.waiting import eventually

GREET = """
import socket, ssl, sys
host, port, how, greeting = sys.argv[1:]
connection = socket.create_connection((host, int(port)), 5)
if how == "tls":
    context = ssl.create_default_context(cafile="/run/secrets/tls_ca")
    connection = context.wrap_socket(connection, server_hostname=host)
connection.sendall(bytes.fromhex(greeting))
try:
    print(connection.recv(3).hex())
except ConnectionResetError:
    pass
"""
PING = b"PING\r\n"
AMQP = b"AMQP\x00\x00\x09\x01"
TLS_ALERT = "15"


@pytest.fixture(scope="module")
def encrypted(production: Stack) -> Iterator[Stack]:
    """Production with TLS between its parts, made so by the lines of the guide."""
    lines = typed("./cryptoboy secrets certificates").splitlines()
    assert f"echo COMPOSE_FILE={PRODUCTION}:{TLS} >> .env" in lines
    assert lines[-1] == "compose up -d"
    production.cryptoboy("secrets", "certificates")
    with production.overlay(TLS):
        yield production


def spoken(system: Stack, server: str, port: int, greeting: bytes, *, over_tls: bool) -> str:
    """The first bytes of the answer to a greeting from within the cacher's container, as hexadecimal digits."""
    arguments = (server, str(port), "tls" if over_tls else "plain", greeting.hex())
    return system.exec("trading-signal-cacher", "python", "-c", GREET, *arguments, check=False).strip()


def test_everything_is_healthy_and_news_goes_on(encrypted: Stack) -> None:
    assert encrypted.unhealthy() == {}
    next_signal(encrypted)
    assert no_dead_letters(encrypted)


def test_prometheus_reaches_every_target(encrypted: Stack) -> None:
    eventually(
        lambda: not targets_down(encrypted), lambda: f"these targets are not up: {targets_down(encrypted)}"
    )


def test_rights_came_into_force_on_the_servers_over_tls(encrypted: Stack) -> None:
    assert "Redis has the users" in encrypted.log("trading-redis-rights-1")
    assert encrypted.redis("ping", user="rights").startswith("NOPERM"), (
        "it may load the users and nothing else"
    )


def test_freqtrades_api_is_there_over_tls(encrypted: Stack) -> None:
    assert json.loads(encrypted.http("https://localhost:8443/api/v1/ping")) == {"status": "pong"}


def test_rabbitmqs_page_is_there_over_tls_alone(encrypted: Stack) -> None:
    password = encrypted.secret("rabbitmq_operator")
    listed = encrypted.http("https://localhost:15671/api/queues", user="operator", password=password)
    assert "raw_news_data" in {each["name"] for each in json.loads(listed)}
    with pytest.raises(OSError, match=r"closed|reset"):
        encrypted.http("http://localhost:15672/")


@pytest.mark.parametrize(("server", "port", "greeting"), [("redis", 6379, PING), ("rabbitmq", 5671, AMQP)])
def test_a_server_answers_over_tls_only(encrypted: Stack, server: str, port: int, greeting: bytes) -> None:
    assert len(spoken(encrypted, server, port, greeting, over_tls=True)) == 6
    answer = spoken(encrypted, server, port, greeting, over_tls=False)
    assert answer == "" or answer.startswith(TLS_ALERT)


def test_rabbitmqs_port_without_tls_is_closed(encrypted: Stack) -> None:
    assert "ConnectionRefusedError" in spoken(encrypted, "rabbitmq", 5672, AMQP, over_tls=False)


def test_a_backup_by_the_guides_line(encrypted: Stack) -> None:
    """It has Redis write its dump, by its own redis-cli, and RabbitMQ its definitions."""
    environ = {**encrypted.environ, "COMPOSE_FILE": f"{PRODUCTION}:{TLS}:{WORLD}"}
    line = typed("deploy/backup.sh backup").splitlines()[0].partition("   # ")[0]
    folder = encrypted.folder / "backup"
    try:
        said(["bash", "-c", line], environ, folder=encrypted.folder)
        assert (folder / "dump.rdb").read_bytes().startswith(b"REDIS")
        definitions = json.loads((folder / "definitions.json").read_text())
        assert "raw_news_data" in {each["name"] for each in definitions["queues"]}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_queue_that_somebody_removed_comes_back_while_rabbitmq_runs(encrypted: Stack) -> None:
    before = encrypted.running()["rabbitmq"]["State"]["StartedAt"]
    encrypted.exec("trading-rabbitmq", "rabbitmqctl", "--quiet", "delete_queue", "raw_news_data.dlq")
    encrypted.compose("up", "-d", "rabbitmq-rights")
    listed = ("rabbitmqctl", "--quiet", "list_queues", "--no-table-headers", "name")
    eventually(
        lambda: "raw_news_data.dlq" in encrypted.exec("trading-rabbitmq", *listed).split(), "the queue"
    )
    assert encrypted.running()["rabbitmq"]["State"]["StartedAt"] == before


def test_the_operators_commands_work_over_tls(encrypted: Stack) -> None:
    assert "raw_news_data" in encrypted.operator("queues")
    assert "BTC/USDT" in encrypted.operator("sentiment")
    # As typed in the container: its redis-cli speaks TLS by itself.
    assert int(encrypted.exec("trading-redis-prod", "redis-cli", "dbsize")) > 0


def test_new_certificates_are_taken_by_the_guides_line(encrypted: Stack) -> None:
    former = encrypted.secret("tls_certificate")
    for name in ("tls_ca", "tls_certificate", "tls_key"):
        Path(encrypted.folder / "secrets" / name).unlink()
    encrypted.cryptoboy("secrets", "certificates")
    assert encrypted.secret("tls_certificate") != former
    encrypted.compose("up", "-d", "--force-recreate")
    encrypted.wait_healthy()
    # The world was recreated too and begins its own news anew, which are reposts then.
    (title,) = publish(encrypted, 1)
    eventually(lambda: title in headlines(encrypted), "the signal of a new article")
    assert json.loads(encrypted.http("https://localhost:8443/api/v1/ping")) == {"status": "pong"}
