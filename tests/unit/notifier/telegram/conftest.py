"""What the commands answer from: a history on SQLite and the embedded Redis, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.history.open import open_reader
from services.common.history.port import HistoryWriter
from services.common.history.writing import open_history, open_notifier_log
from services.common.settings.settings import Settings
from services.common.store.embedded.server import EmbeddedRedis
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.notifier.telegram.answers import Parts
from tests.support.history.history_samples import at
from tests.support.history.tables import with_tables
from tests.support.store.embedded_redis import by_port, client_of, embedded_redis
from tests.support.telegram.talking import Chat


@pytest.fixture(scope="module")
def redis_program() -> Iterator[EmbeddedRedis]:
    with embedded_redis() as server:
        yield server


@pytest.fixture
def telegram_settings(redis_program: EmbeddedRedis, tmp_path: Path) -> Settings:
    with closing(client_of(redis_program)) as client:
        client.flushdb()
    return with_tables(by_port(redis_program).changed(state_dir=tmp_path / "state"))


@pytest.fixture
def writer(telegram_settings: Settings) -> Iterator[HistoryWriter]:
    with closing(open_history(telegram_settings)) as opened:
        yield opened


@pytest.fixture
def store(telegram_settings: Settings) -> Iterator[SentimentStore]:
    with closing(open_store(telegram_settings)) as opened:
        opened.holds.begin("these-tests", at(0))
        yield opened


@pytest.fixture
def parts(telegram_settings: Settings, writer: HistoryWriter, store: SentimentStore) -> Iterator[Parts]:
    with (
        closing(open_reader(telegram_settings)) as history,
        closing(open_notifier_log(telegram_settings)) as log,
    ):
        yield Parts(telegram_settings, ManualClock(at(3600)), store, history, log)


@pytest.fixture
def chat(parts: Parts) -> Chat:
    return Chat(parts)
