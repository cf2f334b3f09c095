"""The address of the store as a strategy's configuration names it."""

from __future__ import annotations

import pytest

from services.common.settings.settings import Settings
from services.common.store.redis.client import source_of


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        ({"REDIS_HOST": "cache", "REDIS_PORT": "6380"}, "redis://cache:6380/0"),
        ({"REDIS_HOST": "cache", "REDIS_TLS": "true"}, "rediss://cache:6379/0"),
        ({"REDIS_HOST": "::1"}, "redis://[::1]:6379/0"),
        ({"REDIS_SOCKET": "/run/redis.sock"}, "unix:///run/redis.sock"),
        (
            {"REDIS_HOST": "cache", "REDIS_USER": "strategy", "REDIS_PASSWORD": "private"},
            "redis://cache:6379/0",
        ),
    ],
)
def test_the_source_is_the_stores_address_without_user_and_password(
    environ: dict[str, str], source: str
) -> None:
    assert source_of(Settings.load({"BROKER": "rabbitmq", **environ}, None)) == source
