"""Runs RabbitMQ and Redis as private processes on loopback, with free ports and a folder of their own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from devtools.servers.control import (
    LOOPBACK,
    RabbitServer,
    RedisServer,
    ServerProblem,
    free_ports,
    rabbitmq_answers,
    redis_answers,
    wait_until,
)
from services.common.store.embedded.process import server_program

# Debian's /usr/sbin/rabbitmq-server changes to the user rabbitmq, who may not write to our folder; so the program
# that it calls is started directly.
RABBITMQ_PROGRAMS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server")
START_SECONDS = 90.0
STOP_SECONDS = 60.0
REMOVE_SECONDS = 10.0


class Program:
    """A child process whose output goes to a file; on Linux it is terminated even if this process is killed."""

    def __init__(self, command: list[str], environment: dict[str, str], output: Path) -> None:
        setpriv = shutil.which("setpriv")
        prefix = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
        self.output = output
        with output.open("ab") as file:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs and options
                [*prefix, *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def problem(self) -> str | None:
        """The reason why the process does not run, with the end of its output; None while it runs."""
        status = self.process.poll()
        if status is None:
            return None
        said = self.output.read_text(errors="replace")[-1500:]
        return f"the program ended with status {status}; it said:\n{said}"

    def terminate(self) -> None:
        """Terminate the process and wait until it ends. Raises ServerProblem if it had to be killed."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerProblem(f"{self.process.args!r} did not stop in time and was killed") from None

    def kill(self) -> None:
        """Kill the process and all processes of its group."""
        with contextlib.suppress(ProcessLookupError):  # the process and its children have ended already
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def remove_folder(folder: Path) -> None:
    """Remove the folder of programs that were killed, of which children may still write for a moment."""
    deadline = time.monotonic() + REMOVE_SECONDS
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
        shutil.rmtree(folder, ignore_errors=True)


class RabbitProgram:
    """A private RabbitMQ with the management and Prometheus plugins, and an epmd of its own."""

    origin = "a private rabbitmq-server"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cryptoboy-rabbitmq-"))
        self._port, self._management, self._prometheus, self._epmd_port, self._dist = free_ports(5)
        self._password = secrets.token_urlsafe(12)
        self._epmd: Program | None = None
        self._server: Program | None = None

    def address(self) -> RabbitServer:
        """The address of the server and the credentials of its administrator."""
        return RabbitServer(
            LOOPBACK,
            self._port,
            self._management,
            "cryptoboy",
            self._password,
            "/",
            self,
            self.origin,
            self._prometheus,
        )

    def start(self) -> None:
        """Start the server, which takes some ten seconds of processor time."""
        program = _find_program()
        self._write_configuration()
        environment = self._environment()
        if self._epmd is None:
            command = ["epmd", "-port", str(self._epmd_port), "-address", LOOPBACK]
            self._epmd = Program(command, environment, self._folder / "epmd.out")
        self._server = Program([program], environment, self._folder / "server.out")
        wait_until("rabbitmq-server", self._answers, START_SECONDS, self._server.problem)

    def stop(self) -> None:
        """Stop the server as a service manager would; durable messages stay in the folder."""
        if self._server:
            self._server.terminate()

    def ctl(self, *arguments: str) -> str:
        """The output of `rabbitmqctl` with these arguments. Raises ServerProblem if the command fails."""
        program = str(Path(_find_program()).with_name("rabbitmqctl"))
        done = subprocess.run(  # noqa: S603 - RabbitMQ's own program
            [program, "--quiet", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=STOP_SECONDS,
            check=False,
        )
        if done.returncode:
            raise ServerProblem(f"rabbitmqctl {' '.join(arguments)}: {done.stderr[-1000:]}")
        return done.stdout

    def close(self) -> None:
        """Kill the server and its epmd, and remove the folder."""
        for program in (self._server, self._epmd):
            if program:
                program.kill()
        remove_folder(self._folder)

    def _answers(self) -> bool:
        return rabbitmq_answers(LOOPBACK, self._port, self._management, "cryptoboy", self._password)

    def _write_configuration(self) -> None:
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {LOOPBACK}:{self._port}\n"
            f"management.tcp.ip = {LOOPBACK}\n"
            f"management.tcp.port = {self._management}\n"
            f"prometheus.tcp.ip = {LOOPBACK}\n"
            f"prometheus.tcp.port = {self._prometheus}\n"
            "default_user = cryptoboy\n"
            f"default_pass = {self._password}\n"
            "collect_statistics_interval = 1000\n"
            "log.file = false\nlog.console = true\nlog.console.level = warning\n"
        )
        (self._folder / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")

    def _environment(self) -> dict[str, str]:
        foreign = ("RABBITMQ_", "ERL_", "ERLANG_", "HOME")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        folder = self._folder
        return inherited | {
            "HOME": str(folder),  # the Erlang cookie is made there
            "RABBITMQ_NODENAME": f"cryptoboy-{self._port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "schema"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_CRASH_DUMP": str(folder / "erl_crash.dump"),  # not the working directory
        }


def _find_program() -> str:
    program = next((path for path in RABBITMQ_PROGRAMS if Path(path).is_file()), None)
    program = program or shutil.which("rabbitmq-server")
    if not program:
        raise ServerProblem("rabbitmq-server is not installed")
    return program


def redis_program() -> str:
    """The path of the machine's redis-server; if there is none, the server program of the embedded mode."""
    return shutil.which("redis-server") or str(server_program())


class RedisProgram:
    """A private Redis that keeps its data in memory only."""

    origin = "a private redis-server"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cryptoboy-redis-"))
        (self._port,) = free_ports(1)
        self._server: Program | None = None

    def address(self) -> RedisServer:
        """The address of the server."""
        return RedisServer(LOOPBACK, self._port, None, 0, self, self.origin)

    def start(self) -> None:
        """Start the server with an empty database."""
        options = f"--bind {LOOPBACK} --port {self._port} --appendonly no --dir {self._folder}".split()
        command = [redis_program(), *options, "--save", ""]
        self._server = Program(command, dict(os.environ), self._folder / "server.out")
        wait_until(
            "redis-server",
            lambda: redis_answers(LOOPBACK, self._port, None),
            START_SECONDS,
            self._server.problem,
        )

    def stop(self) -> None:
        """Stop the server, whose data is lost."""
        if self._server:
            self._server.terminate()

    def close(self) -> None:
        """Kill the server and remove the folder."""
        if self._server:
            self._server.kill()
        remove_folder(self._folder)
