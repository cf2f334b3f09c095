"""What the store says when a real Redis is away, closed to us, or cannot write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import Settings
from services.common.store.holds import Hold
from services.common.store.redis.store import RedisStore
from tests.support.servers.nobody import refusing_port
from tests.support.servers.servers import RedisServer
from tests.support.store.store_samples import NOW, PAIR, make_signal

pytestmark = pytest.mark.integration
SECRET = "not-for-any-log"


@pytest.fixture
def admin(redis_server: RedisServer) -> Iterator[Any]:
    """A connection that may change the server, which is put right again afterwards."""
    client: Any = redis.Redis(redis_server.host, redis_server.port, password=redis_server.password)
    client.ping()
    yield client
    client.config_set("requirepass", redis_server.password or "")
    client.config_set("maxmemory", 0)
    client.config_set("min-replicas-to-write", 0)
    client.execute_command("ACL", "SETUSER", "default", "+@all")
    client.close()


@pytest.fixture
def store(redis_settings: Settings) -> Iterator[RedisStore]:
    opened = RedisStore(redis_settings)
    yield opened
    opened.close()


def test_nobody_there_is_try_later_for_every_method() -> None:
    with refusing_port() as port:
        store = RedisStore(Settings(redis_port=port, redis_timeout=0.5))
        for use in (
            store.check,
            store.holds.read,
            lambda: store.holds.set(Hold("operator", "", NOW)),
            lambda: store.holds.resume(["operator"], NOW),
            lambda: store.holds.begin("a", NOW),
            store.eviction_policy,
            lambda: store.current([PAIR]),
            lambda: store.history(PAIR),
            lambda: store.write([make_signal()], NOW),
        ):
            with pytest.raises(TryLater, match="Redis at localhost:"):
                use()
        assert store.health().ok is False
        assert "refused" in store.health().detail


@pytest.mark.parametrize("given", [None, SECRET])
def test_wrong_or_missing_password_stops_the_program_without_telling_it(
    admin: Any, redis_server: RedisServer, given: str | None
) -> None:
    admin.config_set("requirepass", "the right one")
    store = RedisStore(
        Settings(
            redis_host=redis_server.host,
            redis_port=redis_server.port,
            redis_password=SecretStr(given) if given else None,
        )
    )
    with pytest.raises(StopProgram, match="REDIS_PASSWORD") as caught:
        store.check()
    assert SECRET not in str(caught.value)
    assert SECRET not in store.health().detail


def test_missing_rights_stop_the_program(admin: Any, store: RedisStore) -> None:
    store.check()
    admin.execute_command("ACL", "SETUSER", "default", "-evalsha")
    with pytest.raises(StopProgram, match="rights"):
        store.write([make_signal()], NOW)


def test_a_full_redis_is_try_later_and_nothing_is_half_written(admin: Any, store: RedisStore) -> None:
    store.write([make_signal("a", minutes_old=50)], NOW)
    admin.config_set("maxmemory", 1)
    with pytest.raises(TryLater, match="Raise its maxmemory"):
        store.write([make_signal("b")], NOW)
    admin.config_set("maxmemory", 0)
    assert [signal.article_id for signal in store.history(PAIR)] == ["a"]


def test_a_redis_that_takes_no_writes_now_is_try_later(admin: Any, store: RedisStore) -> None:
    admin.config_set("min-replicas-to-write", 1)
    with pytest.raises(TryLater, match="cannot be used now"):
        store.write([make_signal()], NOW)


@pytest.mark.parametrize("key", ["sentiment", "sentiment_history", "sentiment_signals", "sentiment_ids"])
def test_a_key_of_another_type_stops_the_program_before_anything_is_written(
    admin: Any, store: RedisStore, key: str
) -> None:
    admin.set(f"{key}:{PAIR}", "mine")
    with pytest.raises(StopProgram, match="another type"):
        store.write([make_signal()], NOW)
    assert admin.keys("*") == [f"{key}:{PAIR}".encode()]


def test_a_connection_that_died_is_made_again(admin: Any, store: RedisStore) -> None:
    store.check()
    admin.client_kill_filter(_type="normal", skipme=True)
    store.check()
    assert store.health().ok is True
