"""The embedded Redis within the process of a test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.common.settings.servers import BrokerKind
from services.common.settings.settings import Settings
from services.common.store.embedded.server import EmbeddedRedis, serving


@contextmanager
def embedded_redis(state_dir: Path | None = None, **changes: Any) -> Iterator[EmbeddedRedis]:
    """One that serves, on a free port; without a folder what it holds is gone in the end."""
    with tempfile.TemporaryDirectory(prefix="cryptoboy-redis-") as folder:
        settings = Settings(
            broker=BrokerKind.EMBEDDED, state_dir=state_dir or Path(folder), redis_port=0, **changes
        )
        with serving(settings) as running:
            yield running


def by_port(server: EmbeddedRedis) -> Settings:
    """The settings of a client that knows its port and its password only."""
    at = server.settings
    return Settings(redis_host=at.redis_host, redis_port=at.redis_port, redis_password=server.password)


def client_of(server: EmbeddedRedis, **options: Any) -> Any:
    """A client of its port, which does not repeat what fails."""
    at = server.settings
    given = {"password": server.password.get_secret_value(), "retry": Retry(NoBackoff(), 0), **options}
    return redis.Redis(at.redis_host, at.redis_port, **given)
