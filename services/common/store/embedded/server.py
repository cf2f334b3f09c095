"""Redis for one machine without servers: fakeredis behind the real protocol, on loopback.

As a process: `python -m services.common.store.embedded.server --port 6379 --snapshot var/redis.snapshot`.
Unmodified clients talk to it, redis-cli and scripts included. What it holds survives a restart: it is written
to the snapshot at most once a second, when something changed, and at the end. A crash loses up to about a
second, as Redis with `appendfsync everysec` does; a change of the holds on entries is kept before it is answered.
Clients of the port must know REDIS_PASSWORD, or else the password in STATE_DIR; those of the socket there need none
(see `embedded_access`). While the snapshot cannot be written, writes are refused with MISCONF, as Redis does, except
of holds: a bot that shall stop must stop.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import structlog
from fakeredis import FakeServer
from fakeredis._core import Database
from pydantic import SecretStr

from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.runtime.logging import configure_logging
from services.common.secrets.private import close_folder, keep_private
from services.common.secrets.redaction import redact_errors
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.common.store.embedded.access import password_of, with_socket
from services.common.store.embedded.connection import REDIS_VERSION, Connection, Host
from services.common.store.embedded.listeners import ADDRESS, end_locally, listen, listen_locally
from services.common.store.embedded.snapshot import copy_state, load_snapshot, lock_snapshot, write_snapshot

log = structlog.get_logger(__name__)

SNAPSHOT_SECONDS = 1.0


class EmbeddedRedis:
    """A server in a thread of its own, from `start` (or `with`) to `stop`.

    Args:
        port: 0 takes any free one; `port` tells which.
        snapshot: the file that outlives the server; None keeps nothing.
        password: what clients of the port must give, if anything.
        local: where a socket for clients of this user is made, who need no password; None: nowhere.
        listener: a socket that listens on the port already, which somebody else keeps meanwhile.
    """

    def __init__(
        self,
        port: int = 0,
        snapshot: Path | None = None,
        password: SecretStr | None = None,
        *,
        local: Path | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        self.port = port
        self._snapshot = snapshot
        self._password = password
        self._local = local
        self._given = listener
        self._changed = False
        self._failure: str | None = None
        self._left_out: set[bytes] = set()
        self._lock: IO[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._ending: asyncio.Event
        self._one_save: asyncio.Lock
        self._serving = threading.Event()
        self._data = FakeServer(version=REDIS_VERSION)
        self._data.dbs.default_factory = self._new_database  # type: ignore[attr-defined] # it is a defaultdict

    def start(self) -> None:
        """Load the snapshot and serve.

        Raises:
            StopProgram: the port is taken, or the snapshot is damaged or another server's.
        """
        listeners = [self._given or listen(self.port)]
        self.port = listeners[0].getsockname()[1]
        try:
            if self._snapshot:
                self._lock = lock_snapshot(self._snapshot)
                loaded = load_snapshot(self._snapshot, self._data)
                log.info("snapshot_loaded", file=str(self._snapshot), keys=loaded)
            if self._local:
                listeners.append(listen_locally(self._local))
        except StopProgram:
            listeners[0].close()
            self._release()
            raise
        self._changed = False
        password = self._password.get_secret_value().encode() if self._password else None
        host = Host(self._data, self.port, password, failure=lambda: self._failure)
        self._thread = threading.Thread(target=self._run, args=(listeners, host), name="embedded-redis")
        self._thread.start()
        self._serving.wait()

    @property
    def is_serving(self) -> bool:
        """Whether clients are answered; false before the start, after the end, and after a failure."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Drop the clients, write the snapshot, end the thread. May be called twice.

        Raises:
            StopProgram: the snapshot could not be written.
        """
        if self._thread is None:
            return
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()
        self._thread = None
        if self._local:
            end_locally(self._local)
        self._release()
        if self._failure:
            raise StopProgram(
                f"the Redis snapshot {self._snapshot} could not be written: {self._failure}. "
                "What changed since it was last written is lost."
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _new_database(self) -> Database:
        database = Database(self._data.lock)
        database.add_change_callback(self._mark_changed)
        return database

    def _mark_changed(self) -> None:
        self._changed = True

    def _run(self, listeners: Sequence[socket.socket], host: Host) -> None:
        try:
            asyncio.run(self._serve(listeners, host))
        finally:
            self._serving.set()

    async def _serve(self, listeners: Sequence[socket.socket], host: Host) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._one_save = asyncio.Lock()
        host.save = self._save
        servers = [await self._loop.create_server(lambda: Connection(host), sock=listeners[0])]
        servers += [
            await self._loop.create_unix_server(lambda: Connection(host, is_trusted=True), sock=local)
            for local in listeners[1:]
        ]
        self._serving.set()
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):  # nothing ended it: time for a snapshot
                await asyncio.wait_for(self._ending.wait(), SNAPSHOT_SECONDS)
            if not self._ending.is_set():
                await self._save()
        for server in servers:
            server.close()
        for connection in list(host.connections):
            connection.abort()
        for server in servers:
            await server.wait_closed()
        await self._save()

    async def _save(self) -> None:
        """Write the snapshot if anything changed; served clients go on meanwhile."""
        async with self._one_save:
            if self._snapshot and self._changed:
                await self._write(self._snapshot)

    async def _write(self, snapshot: Path) -> None:
        self._changed = False
        states, left_out = copy_state(self._data)
        if left_out > self._left_out:
            names = sorted(key.decode(errors="replace") for key in left_out)
            log.warning("snapshot_leaves_out", keys=names, reason="of a type that is not kept over a restart")
        self._left_out = left_out
        try:
            await self._loop.run_in_executor(None, write_snapshot, snapshot, states)
        except OSError as error:
            self._changed = True
            if self._failure is None:
                log.error("snapshot_not_written", file=str(snapshot), error=str(error))  # noqa: TRY400 - the trace helps nobody
            self._failure = str(error)
        else:
            self._failure = None


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m services.common.store.embedded.server", description=__doc__.split("\n", 1)[0]
    )
    parser.add_argument("--port", type=int, default=6379, help="port on loopback; 0: any that is free")
    parser.add_argument("--fd", type=int, help="descriptor of a socket that listens on the port already")
    parser.add_argument("--snapshot", type=Path, help="file that keeps the content over a restart")
    parser.add_argument("--port-file", type=Path, help="file into which the port is written once it serves")
    return parser.parse_args(argv)


def _server(options: argparse.Namespace, settings: Settings) -> EmbeddedRedis:
    listener = listen(options.port) if options.fd is None else socket.socket(fileno=options.fd)
    if changed := close_folder(settings.state_dir):
        log.warning("state_dir_closed", detail=changed)
    settings = with_socket(settings.changed(redis_port=listener.getsockname()[1]))
    password = settings.redis_password or password_of(settings.state_dir)
    return EmbeddedRedis(
        snapshot=options.snapshot, password=password, local=settings.redis_socket, listener=listener
    )


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status, 78 when a person has to change something."""
    options = _arguments(argv)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ending.set())
    keep_private()
    redact_errors(secrets_given(os.environ))
    try:
        settings = Settings.load()
        configure_logging(settings, "embedded_redis")
        with _server(options, settings) as server:
            log.info("embedded_redis_serves", host=ADDRESS, port=server.port, pid=os.getpid())
            if options.port_file:
                write_whole(options.port_file, f"{server.port}\n")
            while not ending.wait(SNAPSHOT_SECONDS):
                if not server.is_serving:
                    return 1  # the thread has said why
    except StopProgram as error:
        sys.stderr.write(f"embedded_redis: {error}\n")
        return os.EX_CONFIG
    log.info("embedded_redis_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
