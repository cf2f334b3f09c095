"""How the strategy connects to the sentiment store."""

from typing import Any

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


def connect(
    host: str,
    port: int,
    password: str | None = None,
    db: int = 0,
    *,
    path: str | None = None,
    user: str | None = None,
    tls: bool = False,
    ca_file: str | None = None,
    cert_file: str | None = None,
    key_file: str | None = None,
) -> redis.Redis:
    """A client with 1 s to connect, 1 s for each read and one retry. Connects when it is first used.

    With `tls` the server's certificate and name are checked, against `ca_file` or else the system's CAs;
    `cert_file` and `key_file` are our own, where the server asks for one. `path` is a Unix socket of Redis, which is
    used instead of host and port.
    """
    if path and password and not user:
        user = "default"  # the embedded Redis asks for no password there, and accepts one only together with a user
    secured: dict[str, Any] = {}
    if tls:
        files = {"ssl_ca_certs": ca_file, "ssl_certfile": cert_file, "ssl_keyfile": key_file}
        secured = {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True, **files}
    return redis.Redis(
        host,
        port,
        db,
        password,
        unix_socket_path=path,
        username=user,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(ConstantBackoff(0.1), 1),
        **secured,
    )
