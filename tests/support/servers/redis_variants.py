"""Redis servers as nobody should give them to us: replicas, clusters, Sentinels, with passwords and little memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.support.servers.server_control import LOOPBACK, free_ports, wait_until
from tests.support.servers.server_programs import Program, redis_program, remove_folder

PATIENCE_SECONDS = 30.0


@contextmanager
def redis_with(*options: str, sentinel: bool = False) -> Iterator[int]:
    """A private redis-server with these options, in memory only; its port."""
    folder = Path(tempfile.mkdtemp(prefix="cryptoboy-redis-"))
    (port,) = free_ports(1)
    configuration = folder / "redis.conf"
    configuration.write_text(
        f"port {port}\nbind {LOOPBACK}\ndir {folder}\n" + ("" if sentinel else 'save ""\n')
    )
    command = [redis_program(), str(configuration), *options, *(["--sentinel"] if sentinel else [])]
    server = Program(command, dict(os.environ), folder / "server.out")
    try:
        wait_until("redis-server", lambda: _answers(port), PATIENCE_SECONDS, server.problem)
        yield port
    finally:
        server.kill()
        remove_folder(folder)


def admin(port: int, password: str | None = None) -> Any:
    """A connection that may do everything."""
    return closing(redis.Redis(LOOPBACK, port, password=password, decode_responses=True))


def _answers(port: int) -> bool:
    try:
        with closing(redis.Redis(LOOPBACK, port)) as client:
            client.ping()
    except redis.AuthenticationError:
        return True
    except (OSError, redis.RedisError):
        return False
    return True
