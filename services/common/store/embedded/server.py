"""Runs Redis on a machine that has no Redis server: `python -m services.common.store.embedded.server`.

The program starts a Valkey whose data and Unix socket are in STATE_DIR, and serves REDIS_PORT on loopback for clients
that cannot use the socket. Clients of the port must send REDIS_PASSWORD or, if it is not set, the password stored in
STATE_DIR. Clients of the socket need no password (see `access`).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import SecretStr

from services.common.errors import StopProgram
from services.common.runtime.logging import configure_logging
from services.common.runtime.ports import LOOPBACK, handed_over, listen_on
from services.common.secrets.private import close_folder, keep_private, make_own_folder
from services.common.secrets.redaction import redact_errors
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.common.store.embedded.access import (
    data_folder,
    password_of,
    remove_short_folder,
    socket_file,
    with_socket,
)
from services.common.store.embedded.disk import sync, take_reserve
from services.common.store.embedded.process import ServerProcess, running_server
from services.common.store.embedded.proxy import PasswordProxy
from services.common.store.embedded.snapshot import take_over_snapshot

log = structlog.get_logger(__name__)

OLD_SNAPSHOT = Path("up/redis.json")
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class EmbeddedRedis:
    """A running embedded Redis.

    Attributes:
        settings: the settings for programs that use this Redis, with its socket and the actual port.
        password: the password that clients of the port must send.
        server: the server process.
    """

    settings: Settings
    password: SecretStr
    server: ServerProcess


@contextmanager
def serving(settings: Settings, listener: socket.socket | None = None) -> Iterator[EmbeddedRedis]:
    """A context manager that serves the data in STATE_DIR.

    Args:
        settings: provide STATE_DIR, REDIS_PORT (0 means any free port), and REDIS_PASSWORD if the user has set it.
        listener: a socket that already listens on the port; this context manager closes the socket.

    Raises:
        StopProgram: the port is in use, STATE_DIR is unusable, or the server does not start (see `running_server`).
    """
    password = settings.redis_password or password_of(settings.state_dir)
    with ExitStack() as opened:
        listening = opened.enter_context(listener or _listen(settings.redis_port))
        port = listening.getsockname()[1]
        settings = with_socket(settings.changed(redis_host=LOOPBACK, redis_port=port))
        path = socket_file(settings.state_dir, port)
        opened.callback(remove_short_folder, path)
        data, snapshot = data_folder(settings.state_dir), settings.state_dir / OLD_SNAPSHOT
        try:
            make_own_folder(data)
            has_taken_over = take_over_snapshot(snapshot, data)
            with suppress(OSError):  # a disk that is full already
                take_reserve(data)
            server = opened.enter_context(running_server(data, path))
            if has_taken_over:
                snapshot.rename(snapshot.with_name(f"{snapshot.name}.taken-over"))
                log.info("snapshot_taken_over", file=str(snapshot))
        except OSError as error:
            raise StopProgram(
                f"the embedded Redis cannot keep its data in {data}: {error}. Make room on the disk, check the rights, "
                "or choose another STATE_DIR."
            ) from error
        proxy = PasswordProxy(listening, password, path)
        proxy.start()
        opened.callback(proxy.stop)
        yield EmbeddedRedis(settings, password, server)


def _listen(port: int) -> socket.socket:
    try:
        return listen_on(port)
    except (OSError, OverflowError) as error:
        raise StopProgram(
            f"the embedded Redis cannot listen on {LOOPBACK}:{port} ({error}). "
            "Is another Redis running there? Choose another port with REDIS_PORT."
        ) from error


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status, which is 78 if a person has to correct something."""
    listener, _ = handed_over(sys.argv[1:] if argv is None else argv)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ending.set())
    keep_private()
    redact_errors(secrets_given(os.environ))
    try:
        settings = Settings.load()
        configure_logging(settings, "embedded_redis")
        if changed := close_folder(settings.state_dir):
            log.warning("state_dir_closed", detail=changed)
        with serving(settings, listener) as running:
            log.info(
                "embedded_redis_serves", host=LOOPBACK, port=running.settings.redis_port, pid=os.getpid()
            )
            while not ending.wait(_LOOK_SECONDS):
                if problem := running.server.problem():
                    log.error("embedded_redis_ended", reason=problem)
                    return 1
                sync(data_folder(running.settings.state_dir))
    except OSError as error:
        log.error("data_not_synced", error=str(error))  # noqa: TRY400 - the trace helps nobody
        return 1
    except StopProgram as error:
        sys.stderr.write(f"embedded_redis: {error}\n")
        return os.EX_CONFIG
    log.info("embedded_redis_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
