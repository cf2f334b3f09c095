"""The address of the store as a strategy's configuration names it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from services.common.settings.folders import STATE
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.redis import client
from services.common.store.redis.client import block_line, source_of
from services.launch.up import _for_a_bot_of_ones_own


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


def test_typed_in_another_folder_it_is_the_source_of_the_system_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(client, "PROJECT_ROOT", tmp_path / "checkout")
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=STATE)
    (tmp_path / "checkout" / "var").mkdir(parents=True, mode=0o700)
    path = tmp_path / "checkout" / "var" / "redis-6379.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert source_of(settings) == f"unix://{path}"
        named = settings.changed(state_dir=tmp_path / "named")
        assert source_of(named) == f"unix://{tmp_path}/named/redis-6379.sock", "STATE_DIR was set"
    assert source_of(settings) == f"unix://{tmp_path}/elsewhere/var/redis-6379.sock", "nobody listens"


def test_up_without_a_bot_shows_the_block_that_strategy_install_shows() -> None:
    settings = Settings(broker=BrokerKind.RABBITMQ, redis_host="cache")
    block = {"cryptoboy": {"source": "redis://cache:6379/0", "use": ["veto"]}}
    assert json.loads(f"{{{block_line(settings)}}}") == block
    assert block_line(settings) in _for_a_bot_of_ones_own(settings)[-1]
