"""Connections of an operation: closed at the end, and with the next step where a server is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import TryLater
from services.common.runtime.ports import free_port
from services.common.settings.settings import BrokerKind, Settings
from services.operations.connections import connected_broker, connected_store


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
