"""Fixtures of every test: real servers, a model, and settings that point at a part of them that is the test's own."""

# ruff: noqa: E402 - see register_assert_rewrite
from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
import redis
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr

# What a helper asserts is explained like what a test asserts; to be said before a helper is imported.
pytest.register_assert_rewrite("tests")

from services.common.runtime.logging import LogWriter
from services.common.settings.settings import BrokerKind, Settings
from tests.support.broker.rabbitmq_management import Management
from tests.support.scoring import ollama_server
from tests.support.servers.postgresql import PostgresProgram, PostgresServer
from tests.support.servers.servers import RabbitServer, RedisServer, running_rabbitmq, running_redis

# What tests ask for is on this machine; a proxy of the developer's environment is none of theirs.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]

# No test fails because the machine is busy.
hypothesis_settings.register_profile("cryptoboy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("cryptoboy")


def pytest_configure() -> None:
    """A wish to end comes as SIGTERM too, from a limit of time for one."""
    signal.signal(signal.SIGTERM, _end_once)


def _end_once(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl-C, so that what runs is taken down; `timeout` may send its signal twice."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that was stopped has failed if one of its tests had."""
    if session.exitstatus == pytest.ExitCode.INTERRUPTED and session.testsfailed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


SLOW_FOLDERS, SLOW_SECONDS = ("chaos", "install", "long"), 600
"""The tests that start whole systems, and how long each may take that does not say so itself."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give slow tests their time."""
    slow = [Path(__file__).parent / name for name in SLOW_FOLDERS]
    for item in items:
        if item.get_closest_marker("timeout") is None and any(folder in item.path.parents for folder in slow):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


@pytest.fixture(autouse=True, scope="session")
def _no_logger_is_cached() -> Iterator[None]:
    """A logger that is cached at its first use would keep the configuration of one test for all others."""
    configure = structlog.configure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            structlog,
            "configure",
            lambda **values: configure(**{**values, "cache_logger_on_first_use": False}),
        )
        yield


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """What a test configures, as a command that is called in this process does, is not there in the next test."""
    was_configured, configuration = structlog.is_configured(), structlog.get_config()
    root = logging.getLogger()
    writers, level = [each for each in root.handlers if isinstance(each, LogWriter)], root.level
    yield
    if was_configured:
        structlog.configure(**configuration)
    else:
        structlog.reset_defaults()
    for left in [each for each in root.handlers if isinstance(each, LogWriter) and each not in writers]:
        root.removeHandler(left)
    root.setLevel(level)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitServer]:
    """A real RabbitMQ for the whole session. Use `rabbitmq_vhost` or `rabbitmq_settings` in a test."""
    with running_rabbitmq() as server:
        yield server


@pytest.fixture(scope="session")
def _redis_process() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_server(_redis_process: RedisServer) -> RedisServer:
    """A real Redis whose database is empty when the test begins."""
    server = _redis_process
    with redis.Redis(server.host, server.port, server.db, server.password, socket_timeout=5) as client:
        client.flushdb()
    return server


@pytest.fixture
def management(rabbitmq: RabbitServer) -> Iterator[Management]:
    """RabbitMQ's management API."""
    with Management(rabbitmq) as client:
        yield client


@pytest.fixture
def rabbitmq_vhost(management: Management) -> Iterator[str]:
    """A virtual host of the test's own."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    management.create_vhost(name)
    yield name
    management.delete_vhost(name)


@pytest.fixture
def rabbitmq_settings(rabbitmq: RabbitServer, rabbitmq_vhost: str, tmp_path: Path) -> Settings:
    """Settings of a service on RabbitMQ, in a virtual host of the test's own."""
    return Settings(**rabbitmq.settings(rabbitmq_vhost), state_dir=tmp_path)


@pytest.fixture
def embedded_settings(tmp_path: Path) -> Settings:
    """Settings of a service on the embedded broker, in a folder of the test's own."""
    return Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path)


@pytest.fixture
def redis_settings(redis_server: RedisServer, tmp_path: Path) -> Settings:
    """Settings of a service on the real Redis, which is empty when the test begins."""
    return Settings(**redis_server.settings(), state_dir=tmp_path)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A real PostgreSQL for the whole session. Use `postgresql_history` in a test."""
    program = PostgresProgram()
    try:
        program.start()
        yield program.address()
    finally:
        program.close()


@pytest.fixture
def postgresql_history(postgresql: PostgresServer, tmp_path: Path) -> Settings:
    """Settings of a history in a PostgreSQL database of the test's own, whose locale orders no text as Python does."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgresql.run(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    return Settings(history_url=SecretStr(postgresql.url(name)), state_dir=tmp_path)


@pytest.fixture
def sqlite_history(tmp_path: Path) -> Settings:
    """Settings of a history in a file of the test's own."""
    return Settings(state_dir=tmp_path / "state")


@pytest.fixture(scope="session")
def ollama_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small real model behind Ollama's protocol."""
    log = tmp_path_factory.mktemp("ollama") / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(Path(ollama_server.__file__))],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url, f"the model server did not start:\n{log.read_text(errors='replace')[-2000:]}"
            yield url
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
