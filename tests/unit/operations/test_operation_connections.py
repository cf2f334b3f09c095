"""Connections of an operation: closed at the end, and with the next step where a server is away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.common.errors import TryLater
from services.common.runtime.ports import free_port
from services.common.settings.settings import BrokerKind, Settings
from services.operations import connections
from services.operations.connections import connected_broker, connected_store, store_hint


def test_a_redis_that_is_away_is_told_with_what_starts_it(tmp_path: Path) -> None:
    settings = Settings(broker=BrokerKind.RABBITMQ, redis_port=free_port(), state_dir=tmp_path)
    with (
        pytest.raises(
            TryLater, match=r"\. Is the system running\? With BROKER=rabbitmq, docker compose up -d"
        ),
        connected_store(settings) as store,
    ):
        store.check()


def test_a_rabbitmq_that_is_away_is_told_with_what_starts_it(tmp_path: Path) -> None:
    settings = Settings(broker=BrokerKind.RABBITMQ, rabbitmq_port=free_port(), state_dir=tmp_path)
    with (
        pytest.raises(
            TryLater, match=r"\./cryptoboy doctor says what is missing; docker compose up -d starts"
        ),
        connected_broker(settings),
    ):
        pass


def test_the_embedded_broker_is_started_and_closed(tmp_path: Path) -> None:
    with connected_broker(Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path)) as broker:
        assert broker.health().ok
    assert not broker.health().ok


@contextmanager
def listening(path: Path) -> Iterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield


def test_a_command_typed_elsewhere_is_told_where_the_system_of_the_checkout_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    here = Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path / "elsewhere" / "var")
    path = checkout / "var" / f"redis-{here.redis_port}.sock"
    monkeypatch.setattr(connections, "PROJECT_ROOT", checkout)
    with listening(path):
        assert store_hint(here) == (
            f"A system runs in {checkout} (its socket is {path}): run this command in that folder, or set "
            f"STATE_DIR={checkout}/var"
        )
        for other in (
            here.changed(redis_host="cache"),
            here.changed(broker=BrokerKind.RABBITMQ),
            here.changed(state_dir=checkout / "var"),
        ):
            assert "A system runs in" not in store_hint(other)
    assert store_hint(here).startswith("Is the system running?"), "a socket stays behind where nobody listens"
