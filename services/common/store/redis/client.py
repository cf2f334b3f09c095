"""Creates the Redis client that all programs of this project use, with its user, TLS and time limits."""

from __future__ import annotations

import json
from typing import Any

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from services.common.settings.folders import PROJECT_ROOT, STATE
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import LOOPBACK, socket_file, socket_in_checkout, socket_of
from services.common.tls import TlsFiles, redis_tls

_RETRIES = 1
_DEFAULT_USER = "default"


def redis_client(settings: Settings, *, decode_responses: bool = True) -> redis.Redis:
    """Create a client of the Redis that the settings name; the client connects when it is first used.

    A call waits at most about twice REDIS_TIMEOUT for each of connecting, sending and receiving. If the connection
    turns out to be dead, the call is repeated once.

    Args:
        settings: provide address or socket, user, password, TLS and REDIS_TIMEOUT.
        decode_responses: whether answers are text instead of bytes.

    Raises:
        StopProgram: a TLS file that the settings name cannot be used.
    """
    password, socket = settings.redis_password, socket_of(settings)
    # The embedded Redis asks for no password on its socket, and accepts one only together with a user.
    user = settings.redis_user or (_DEFAULT_USER if password and socket else None)
    return redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        unix_socket_path=None if socket is None else str(socket),
        username=user,
        password=password.get_secret_value() if password else None,
        **redis_tls(TlsFiles.of_redis(settings)),
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), _RETRIES),
        decode_responses=decode_responses,
        protocol=2,
    )


def source_of(settings: Settings) -> str:
    """The same address as `source` in the configuration of a strategy; user and password are not part of it.

    Of the embedded Redis it is the socket, whether or not it runs. If STATE_DIR was left to the folder in which the
    command was typed, and a system runs in the checkout instead, it is the socket of that one.
    """
    socket = socket_of(settings)
    if socket is None and settings.broker is BrokerKind.EMBEDDED and settings.redis_host in LOOPBACK:
        elsewhere = socket_in_checkout(settings, PROJECT_ROOT) if settings.state_dir == STATE else None
        socket = elsewhere or socket_file(settings.state_dir, settings.redis_port)
    if socket is not None:
        return f"unix://{socket}"
    scheme = "rediss" if settings.redis_tls else "redis"
    host = f"[{settings.redis_host}]" if ":" in settings.redis_host else settings.redis_host
    return f"{scheme}://{host}:{settings.redis_port}/0"


def block_of(settings: Settings) -> dict[str, Any]:
    """The block `cryptoboy` for the configuration of a bot that reads the signals of these settings."""
    return {"source": source_of(settings), "use": ["veto"]}


def block_line(settings: Settings) -> str:
    """`block_of` as a line to paste into a configuration."""
    return f'"cryptoboy": {json.dumps(block_of(settings))}'


def address_of(settings: Settings) -> str:
    """The address of that Redis for messages: host:port, or the path of its socket."""
    socket = socket_of(settings)
    return f"{settings.redis_host}:{settings.redis_port}" if socket is None else str(socket)
