"""Redis for one machine without servers: `python -m services.common.store.embedded.server`.

It starts a Valkey whose data and Unix socket are in STATE_DIR, and serves REDIS_PORT of loopback for clients that
cannot use the socket. Those must know REDIS_PASSWORD, or else the password in STATE_DIR; clients of the socket need
none (see `access`).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

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
from services.common.store.embedded.disk import take_reserve
from services.common.store.embedded.process import ServerProcess
from services.common.store.embedded.proxy import PasswordProxy
from services.common.store.embedded.snapshot import take_over_snapshot

log = structlog.get_logger(__name__)

OLD_SNAPSHOT = Path("up/redis.json")
_LOOK_SECONDS = 1.0


class EmbeddedRedis:
    """The server of a STATE_DIR and its port, from `start` (or `with`) to `stop`.

    Args:
        settings: STATE_DIR, REDIS_PORT (0: any free one), and REDIS_PASSWORD if the user has set one.
        listener: a socket that listens on the port already; `stop` closes it.

    Attributes:
        settings: those of programs that use it: with its socket, and the port that was taken.
        password: what clients of the port must give.

    Raises:
        StopProgram: the port is taken, or STATE_DIR cannot be used.
    """

    def __init__(self, settings: Settings, listener: socket.socket | None = None) -> None:
        self.password = settings.redis_password or password_of(settings.state_dir)
        self._listener = listener or _listen(settings.redis_port)
        port = self._listener.getsockname()[1]
        self.settings = with_socket(settings.changed(redis_host=LOOPBACK, redis_port=port))
        self._socket = socket_file(settings.state_dir, port)
        self._folder = data_folder(settings.state_dir)
        self._server = ServerProcess(self._folder, self._socket)
        self._proxy = PasswordProxy(self._listener, self.password, self._socket)
        self._is_serving = False

    def start(self) -> None:
        """Load the data and serve.

        Raises:
            StopProgram: see `ServerProcess.start` and `take_over_snapshot`, or the folder of the data cannot be made.
        """
        snapshot = self.settings.state_dir / OLD_SNAPSHOT
        try:
            make_own_folder(self._folder)
            has_taken_over = take_over_snapshot(snapshot, self._folder)
            _take_reserve(self._folder)
            self._server.start()
            if has_taken_over:
                snapshot.rename(snapshot.with_name(f"{snapshot.name}.taken-over"))
                log.info("snapshot_taken_over", file=str(snapshot))
        except OSError as error:
            self._listener.close()
            raise StopProgram(
                f"the embedded Redis cannot keep its data in {self._folder}: {error}. Make room on the disk, check the "
                "rights, or choose another STATE_DIR."
            ) from error
        except StopProgram:
            self._listener.close()
            raise
        self._proxy.start()
        self._is_serving = True

    def problem(self) -> str | None:
        """Why clients are not answered any more; None while they are."""
        return self._server.problem()

    def stop(self) -> None:
        """Drop the clients and end the server, which has everything on the disk then. May be called twice."""
        if self._is_serving:
            self._is_serving = False
            self._proxy.stop()
            self._server.stop()
            remove_short_folder(self._socket)
            self._listener.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    try:
        return listen_on(port)
    except (OSError, OverflowError) as error:
        raise StopProgram(
            f"the embedded Redis cannot listen on {LOOPBACK}:{port} ({error}). "
            "Is another Redis running there? Choose another port with REDIS_PORT."
        ) from error


def _take_reserve(data: Path) -> None:
    try:
        take_reserve(data)
    except OSError as error:
        log.warning("reserve_not_made", folder=str(data), error=str(error))


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status, 78 when a person has to change something."""
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
        with EmbeddedRedis(settings, listener) as server:
            log.info("embedded_redis_serves", host=LOOPBACK, port=server.settings.redis_port, pid=os.getpid())
            while not ending.wait(_LOOK_SECONDS):
                if problem := server.problem():
                    log.error("embedded_redis_ended", reason=problem)
                    return 1
    except StopProgram as error:
        sys.stderr.write(f"embedded_redis: {error}\n")
        return os.EX_CONFIG
    log.info("embedded_redis_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
