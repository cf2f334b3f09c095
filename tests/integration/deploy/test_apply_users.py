"""`deploy/redis/apply-users` on a running Redis with the files of production."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from services.common.settings.settings import PROJECT_ROOT
from services.common.store.redis.users import STORE_USERS, acl_file
from services.operations.secrets.files import STORE_SECRETS, make_secrets
from tests.support.servers.production_servers import ProductionRedis

SCRIPT = PROJECT_ROOT / "deploy" / "redis" / "apply-users"


pytestmark = pytest.mark.integration


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ProductionRedis]:
    make_secrets(tmp_path / "secrets")
    running = ProductionRedis(tmp_path / "secrets")
    running.start()
    yield running
    running.close()


def apply(server: ProductionRedis, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    password = server.secrets / STORE_SECRETS["rights"]
    command = [str(SCRIPT), str(password), "-p", str(server.port)]
    environ = {**os.environ, "PATH": path}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environ)


def login(server: ProductionRedis, user: str, password: str) -> Any:
    return redis.Redis(
        "127.0.0.1", server.port, username=user, password=password, single_connection_client=True
    )


def write_users(server: ProductionRedis, passwords: dict[str, str], *, without: str = "") -> None:
    lines = acl_file(passwords).splitlines(keepends=True)
    kept = [line for line in lines if not without or not line.startswith(f"user {without} ")]
    (server.folder / "users.acl").write_text("".join(kept))


def test_a_new_password_comes_into_force_while_redis_runs(server: ProductionRedis) -> None:
    write_users(server, {**server.passwords, "strategy": "a new password"})
    done = apply(server)
    assert (done.returncode, done.stdout) == (0, "Redis has the users of its ACL file\n")
    with login(server, "strategy", "a new password") as client:
        assert client.ping()
    with (
        pytest.raises(redis.AuthenticationError, match="invalid username-password"),
        login(server, "strategy", server.passwords["strategy"]) as client,
    ):
        client.ping()


def test_a_user_that_the_file_lacks_loses_the_connection(server: ProductionRedis) -> None:
    with login(server, "reader", server.passwords["reader"]) as client:
        assert client.ping()
        write_users(server, dict(server.passwords), without="reader")
        assert apply(server).returncode == 0
        with pytest.raises((redis.ConnectionError, redis.AuthenticationError)):
            client.ping()


def test_a_file_that_redis_refuses_fails_and_changes_nothing(server: ProductionRedis) -> None:
    (server.folder / "users.acl").write_text("user strategy on nonsense\n")
    done = apply(server)
    assert done.returncode == 1
    assert "did not load its ACL file" in done.stderr
    with login(server, "strategy", server.passwords["strategy"]) as client:
        assert client.ping()


def test_it_tries_again_where_redis_is_not_reached(server: ProductionRedis, tmp_path: Path) -> None:
    """The first connection goes to a port where nobody listens."""
    once = tmp_path / "redis-cli"
    real = shutil.which("redis-cli")
    once.write_text(f'#!/bin/sh\nmkdir {tmp_path}/called 2>&- && exec {real} "$@" -p 1\nexec {real} "$@"\n')
    once.chmod(0o755)
    done = apply(server, f"{tmp_path}:{os.environ['PATH']}")
    assert (tmp_path / "called").is_dir()
    assert (done.returncode, done.stdout) == (0, "Redis has the users of its ACL file\n")


def test_a_password_of_rights_that_redis_does_not_know_yet_names_the_restart(server: ProductionRedis) -> None:
    file = server.secrets / STORE_SECRETS["rights"]
    file.unlink()
    file.write_text("another one\n")
    done = apply(server)
    assert done.returncode == 1
    assert "restart Redis" in done.stderr
    assert "another one" not in done.stdout + done.stderr


def test_rights_may_do_nothing_else(server: ProductionRedis) -> None:
    others = [user.name for user in STORE_USERS if "acl|load" in user.commands]
    assert others == ["rights"]
    with login(server, "rights", server.passwords["rights"]) as client:
        for command in (
            ("PING",),
            ("ACL", "LIST"),
            ("ACL", "SETUSER", "x"),
            ("GET", "trading:holds"),
            ("CONFIG", "GET", "*"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)
