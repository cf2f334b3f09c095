"""A Redis without memory for anything more: signals wait, and a pause is written all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import redis

from services.common.errors import TryLater
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.holds import Hold
from services.common.store.keys import ENTRIES
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from tests.support.servers.redis_variants import admin, redis_with
from tests.support.store.store_samples import NOW, PAIR, make_signal

pytestmark = pytest.mark.integration


@pytest.fixture
def port() -> Iterator[int]:
    with redis_with("--maxmemory-policy", "noeviction") as found:
        yield found


@pytest.fixture
def full(port: int) -> Iterator[SentimentStore]:
    settings = Settings(broker=BrokerKind.RABBITMQ, redis_host="127.0.0.1", redis_port=port)
    with closing(open_store(settings)) as store, admin(port) as client:
        store.holds.begin("id", NOW)
        store.write([make_signal()], NOW)
        # Less than it has in use. Redis that was filled up to its limit has room again when it takes back the buffers
        # of a connection that rests.
        client.config_set("maxmemory", "1")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("other", "x")
        yield store


def test_signals_wait(full: SentimentStore) -> None:
    with pytest.raises(TryLater, match="out of memory"):
        full.write([make_signal("a2")], NOW)


def test_a_pause_and_its_end_are_written_all_the_same(full: SentimentStore, port: int) -> None:
    before = full.holds.read().id
    full.holds.set(Hold("operator", "a full Redis", NOW, NOW + timedelta(days=30_000)))
    paused = full.holds.read()
    assert "a full Redis" in paused.fields["operator"]
    assert paused.id != before
    with admin(port) as client:
        assert client.pttl(ENTRIES) > 0
    full.holds.resume(["operator"], NOW)
    assert "operator" not in full.holds.read().fields


def test_what_is_stored_can_still_be_read(full: SentimentStore) -> None:
    assert full.current([PAIR])[PAIR] is not None
