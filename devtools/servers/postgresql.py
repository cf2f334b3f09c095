"""Runs PostgreSQL as a private process on loopback, with a free port and a folder of its own."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from devtools.servers.control import LOOPBACK, Control, ServerProblem, free_ports, wait_until
from devtools.servers.programs import START_SECONDS, Program, remove_folder

DEBIAN_FOLDER = Path("/usr/lib/postgresql")
USER = "cryptoboy"
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "jit=off")
"""Nobody needs the data after a power failure; and figures are to be of the queries."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL; `user` may create databases and roles."""

    host: str
    port: int
    user: str
    password: str
    control: Control
    origin: str

    def url(self, database: str, *, user: str = "", password: str = "") -> str:
        """The value of HISTORY_URL for one of its databases."""
        who = f"{user or self.user}:{password or self.password}"
        return f"postgresql+psycopg://{who}@{self.host}:{self.port}/{database}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each committed by itself."""
        import psycopg  # here, because `./cryptoboy test` looks for the programs before it installs packages
        from psycopg import sql

        with psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=database,
            autocommit=True,
        ) as connection:
            for statement in statements:
                connection.execute(sql.SQL(statement))

    def answers(self) -> bool:
        """Whether it accepts connections."""
        import psycopg

        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


class PostgresProgram:
    """A private PostgreSQL, which loses data in a power failure."""

    origin = "a private postgres"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cryptoboy-postgresql-"))
        (self._port,) = free_ports(1)
        self._password = secrets.token_urlsafe(12)
        self._server: Program | None = None

    def address(self) -> PostgresServer:
        """The address of the server and the credentials of its administrator."""
        return PostgresServer(LOOPBACK, self._port, USER, self._password, self, self.origin)

    def start(self) -> None:
        """Start the server, with the data that it had."""
        programs = programs_folder()
        data = self._folder / "data"
        if not data.exists():
            self._make(programs, data)
        options = ["-D", str(data), "-h", LOOPBACK, "-p", str(self._port), "-k", ""]
        for option in _FAST:
            options += ["-c", option]
        self._server = Program(
            [*_as_nobody_special(), str(programs / "postgres"), *options],
            dict(os.environ),
            self._folder / "server.out",
        )
        wait_until("postgres", self.address().answers, START_SECONDS, self._server.problem)

    def stop(self) -> None:
        """Stop the server; it ends all connections."""
        if self._server:
            self._server.process.send_signal(_FAST_SHUTDOWN)
            self._server.process.wait(START_SECONDS)

    def close(self) -> None:
        """Kill the server and remove the folder."""
        if self._server:
            self._server.kill()
        remove_folder(self._folder)

    def _make(self, programs: Path, data: Path) -> None:
        password = self._folder / "password"
        password.write_text(self._password)
        if os.geteuid() == 0:
            for path in (self._folder, password):
                shutil.chown(path, _server_user())
        options = ["--no-sync", "--auth=scram-sha-256", f"--username={USER}", f"--pwfile={password}"]
        command = [
            *_as_nobody_special(),
            str(programs / "initdb"),
            *options,
            "--encoding=UTF8",
            "-D",
            str(data),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - PostgreSQL's own program
        if done.returncode:
            raise ServerProblem(f"initdb: {done.stderr[-1000:]}")


_FAST_SHUTDOWN = 2  # SIGINT


def programs_folder() -> Path:
    """The folder of PostgreSQL's programs: the newest of Debian's, or the one of `postgres` on PATH.

    Raises:
        ServerProblem: PostgreSQL is not installed.
    """
    found = found_programs()
    if not found:
        raise ServerProblem("postgres is not installed: install the Debian package postgresql")
    return found


def found_programs() -> Path | None:
    """The folder of `programs_folder`; None if PostgreSQL is not installed."""
    of_debian = sorted(DEBIAN_FOLDER.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    found = of_debian[-1] if of_debian else shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def _server_user() -> str:
    """The user as whom the server runs if we are root, as whom it refuses to run."""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def _as_nobody_special() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_server_user()}", f"--regid={_server_user()}", "--clear-groups", "--"]
