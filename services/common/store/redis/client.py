"""Creates the Redis client that all programs of this project use, with its user, TLS and time limits."""

from __future__ import annotations

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import LOOPBACK, socket_file, socket_of
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

    Of the embedded Redis it is the socket, whether or not it runs.
    """
    socket = socket_of(settings)
    if socket is None and settings.broker is BrokerKind.EMBEDDED and settings.redis_host in LOOPBACK:
        socket = socket_file(settings.state_dir, settings.redis_port)
    if socket is not None:
        return f"unix://{socket}"
    scheme = "rediss" if settings.redis_tls else "redis"
    host = f"[{settings.redis_host}]" if ":" in settings.redis_host else settings.redis_host
    return f"{scheme}://{host}:{settings.redis_port}/0"


def address_of(settings: Settings) -> str:
    """The address of that Redis for messages: host:port, or the path of its socket."""
    socket = socket_of(settings)
    return f"{settings.redis_host}:{settings.redis_port}" if socket is None else str(socket)
