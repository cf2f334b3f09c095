"""A system of ours in containers: installed from a folder by Compose, as an operator does."""

from __future__ import annotations

import json
import re
import ssl
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from services.common.settings.settings import PROJECT_ROOT
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.containers.engine import WORLD_IMAGE, Engine, said
from tests.support.docs.guide import typed

PRODUCTION = "docker-compose.production.yml"
TLS = "docker-compose.tls.yml"
OPENAI = "docker-compose.openai.yml"
WORLD = str(PROJECT_ROOT / "tests/support/containers/world.yml")
SERVICES = (
    "news-poller",
    "market-streamer",
    "sentiment-processor",
    "signal-cacher",
    "history-recorder",
    "api",
    "freqtrade",
    "rabbitmq",
    "redis",
    "ollama",
    "prometheus",
    "alertmanager",
    "grafana",
)
"""Of docker-compose.production.yml without overlays and profiles: what keeps running."""
HEALTHY_SECONDS = 240.0
COMMAND_SECONDS = 300.0
LOOK_SECONDS = 0.5


class Stack:
    """A project of Compose in a folder of its own.

    Attributes:
        engine: the engine that it runs on.
        folder: the copy of the checkout, with `.env` and `secrets`.
        files: the Compose files, as `docker compose -f ...` takes them; WORLD is added by itself.
    """

    def __init__(self, engine: Engine, folder: Path, files: tuple[str, ...] = (PRODUCTION,)) -> None:
        self.engine = engine
        self.folder = folder
        self.files = files
        self.further_packages: tuple[Path, ...] = ()

    # Commands

    @property
    def python_path(self) -> str:
        """PYTHONPATH for commands of this system on the machine, in the environment of this test run."""
        strategies = self.folder / "user_data" / "strategies"
        return ":".join(map(str, (self.folder, strategies, *self.further_packages)))

    @property
    def environ(self) -> dict[str, str]:
        """The environment of `compose`: where the engine is, and nothing else of this process.

        On an engine of the user's the images that are built get a version of their own, so that it
        replaces none of his.
        """
        version = {} if self.engine.is_own else {"CRYPTOBOY_VERSION": "container-tests"}
        return {**self.engine.environ, "WORLD_CHECKOUT": str(PROJECT_ROOT), **version}

    def compose_command(self, *arguments: str) -> list[str]:
        """`docker compose` with the files of this stack and the world's, to be run in the folder."""
        world = (WORLD,) if PRODUCTION in self.files else ()
        files = [part for name in (*self.files, *world) for part in ("-f", name)]
        return ["docker", "compose", "--project-directory", str(self.folder), *files, *arguments]

    def compose(
        self, *arguments: str, check: bool = True, seconds: float = COMMAND_SECONDS, stdin: str | None = None
    ) -> str:
        """What `docker compose` with these arguments prints. With --build, images are built first, with a way out."""
        if "--build" in arguments:
            self.build()
        command = self.compose_command(*arguments)
        return said(command, self.environ, check=check, seconds=seconds, stdin=stdin, folder=self.folder)

    def build(self) -> None:
        """Build what has changed, with a way out to the package registries."""
        with self.engine.online():
            said(
                self.compose_command("--profile", "*", "build"), self.environ, seconds=600, folder=self.folder
            )

    def operator(self, *arguments: str, check: bool = True, stdin: str | None = None) -> str:
        """What `compose run --rm operator` with these arguments prints."""
        return self.compose(
            "run", "--rm", "-T", "--quiet-pull", "operator", *arguments, check=check, stdin=stdin
        )

    def cryptoboy(self, *arguments: str, check: bool = True, stdin: str | None = None) -> str:
        """What `./cryptoboy` with these arguments prints; with the packages of this test run, it installs nothing."""
        environ = {**self.environ, "PYTHONPATH": self.python_path}
        command = [sys.executable, "-P", "-m", "services.cli", *arguments]
        return said(command, environ, check=check, folder=self.folder, stdin=stdin)

    def exec(self, container: str, *command: str, check: bool = True, stdin: str | None = None) -> str:
        """What a command in a container prints."""
        interactive = ("-i",) if stdin is not None else ()
        return self.engine.docker("exec", *interactive, container, *command, check=check, stdin=stdin)

    def redis(self, *arguments: str, user: str = "operator") -> str:
        """What `redis-cli` as this user prints, without the end of the line."""
        environ = {**self.environ, "REDISCLI_AUTH": self.secret(f"redis_{user}")}
        tls = ("--tls", "--cacert", "/run/secrets/tls_ca") if TLS in self.files else ()
        command = ["docker", "exec", "-e", "REDISCLI_AUTH", "trading-redis-prod", "redis-cli", *tls]
        return said([*command, "--user", user, *arguments], environ).rstrip("\n")

    def world(self, path: str, *, post: bool = False) -> str:
        """What the world's container answers on port 8000; with `post` to an empty POST."""
        request = f"'http://localhost:8000{path}', {b'' if post else None!r}, 10"
        program = f"import urllib.request as u; print(u.urlopen({request}).read().decode())"
        return self.compose("exec", "-T", "world", "python", "-c", program)

    def http(
        self, url: str, *, user: str = "", password: str = "", posted: object = None, seconds: float = 10
    ) -> str:
        """The body at a published port; `posted` is sent as JSON. Raises OSError for an error and for no answer.

        A certificate is checked by the CA of `secrets`.
        """
        request = Request(url, None if posted is None else json.dumps(posted).encode())
        request.add_header("Content-Type", "application/json")
        if user:
            request.add_header("Authorization", f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}")
        ca = str(self.folder / "secrets" / "tls_ca")
        context = ssl.create_default_context(cafile=ca) if url.startswith("https:") else None
        with urlopen(request, timeout=seconds, context=context) as answer:
            return str(answer.read().decode())

    # The folder

    def secret(self, name: str) -> str:
        """The content of a file of `secrets`."""
        return (self.folder / "secrets" / name).read_text().strip()

    def env(self, **values: str | None) -> None:
        """Set variables in `.env`, or take them out where the value is None."""
        file = self.folder / ".env"
        lines = file.read_text().splitlines() if file.exists() else []
        kept = [line for line in lines if line.partition("=")[0].strip() not in values]
        added = [f"{name}={value}" for name, value in values.items() if value is not None]
        file.write_text("".join(f"{line}\n" for line in [*kept, *added]))

    def connect_to_world(self) -> None:
        """Let feeds, exchange and webhooks be those of the world's container, and time pass quickly."""
        exchange = json.dumps(ccxt_config("http://world:8085"))
        self.env(EXCHANGE_CONFIG=f"'{exchange}'", STRATEGY_TIMEFRAME="1m", NEWS_POLL_INTERVAL="10")
        sources = self.folder / "services/data_ingestor/news_sources.toml"
        sources.write_text(
            re.sub(
                r'^name = "(.+)"\nurl = ".+"',
                r'name = "\1"\nurl = "http://world:8000/\1.xml"',
                sources.read_text(),
                flags=re.MULTILINE,
            )
        )
        for kind in ("notes", "pages"):
            (self.folder / f"secrets/alert_{kind}_url").write_text(f"http://world:8000/alerts/{kind}")

    # Life

    def install(self) -> None:
        """What the guide says under *Install with Docker*, as far as all is healthy."""
        from tests.support.containers.guide_shell import run  # which needs this class

        secrets, up, look = typed("./cryptoboy secrets init").splitlines()
        run(self, secrets)
        self.connect_to_world()
        self.build()
        image = json.loads(self.compose("config", "--format", "json"))["services"]["freqtrade"]["image"]
        self.engine.docker("tag", image, WORLD_IMAGE)
        run(self, up)
        self.wait_healthy()
        run(self, look)

    def containers(self) -> list[dict[str, Any]]:
        """What `docker inspect` says of every container of the project, one-shot containers included."""
        label = f"label=com.docker.compose.project={self.project}"
        found = self.engine.docker("ps", "--all", "--quiet", "--filter", label).split()
        return list(json.loads(self.engine.docker("inspect", *found))) if found else []

    def running(self) -> dict[str, dict[str, Any]]:
        """Service -> what `docker inspect` says of its container; of one that is scaled, of one of them."""
        found = [each for each in self.containers() if each["State"]["Running"]]
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in found}

    def name_of(self, service: str) -> str:
        """The name of the container of a service that is not scaled."""
        return str(self.running()[service]["Name"]).lstrip("/")

    @property
    def project(self) -> str:
        """The name of the Compose project."""
        found = re.search(r"^name: (\S+)$", (self.folder / self.files[0]).read_text(), re.MULTILINE)
        assert found is not None
        return found[1]

    def unhealthy(self) -> dict[str, str]:
        """Container -> state, of those that are neither healthy nor ended well."""
        states = {each["Name"].lstrip("/"): state_of(each) for each in self.containers()}
        return {name: state for name, state in states.items() if state not in {"healthy", "ended well"}}

    def wait_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Return as soon as all containers are healthy; the test fails if that takes longer."""
        deadline = time.monotonic() + seconds
        while bad := self._gone_or_unhealthy():
            assert time.monotonic() < deadline, (
                f"not healthy after {seconds:.0f} s: {bad}\n{self.logs_of(bad)}"
            )
            time.sleep(LOOK_SECONDS)

    def _gone_or_unhealthy(self) -> dict[str, str]:
        try:
            return self.unhealthy()
        except AssertionError as vanished:  # between `ps` and `inspect`
            return {"a container": str(vanished)}

    def logs_of(self, names: Mapping[str, str], lines: int = 15) -> str:
        """The ends of the logs of these containers, for messages."""
        return "\n".join(f"{name}: {self.log(name, lines)}" for name in names)

    def failed_logs(self) -> str:
        """The ends of the logs of the containers that are neither healthy nor ended well."""
        return self.logs_of(self.unhealthy())

    def log(self, container: str, lines: int = 400) -> str:
        """The end of a container's log, of both streams."""
        command = ["sh", "-c", 'docker logs --tail "$0" "$1" 2>&1', str(lines), container]
        return said(command, self.environ, check=False)

    def kill(self, container: str) -> None:
        """End the container's first process with SIGKILL, as a crash does."""
        self.engine.kill_first_process(container)

    @contextmanager
    def overlay(self, *files: str) -> Iterator[None]:
        """Run with further Compose files for the block; then without them again, healthy both times."""
        before = self.files
        self.files = (*before, *files)
        try:
            self.compose("up", "-d")
            self.wait_healthy()
            yield
        finally:
            self.files = before
            self.compose("up", "-d", "--remove-orphans")
            self.wait_healthy()

    def down(self) -> None:
        """Remove containers, networks and volumes at once."""
        profiles = ("--profile", "*")
        self.compose(*profiles, "down", "--volumes", "--remove-orphans", "--timeout", "3")
        # `down` leaves what is not in the files any more: of overlays, and of a later version that was left again.
        label = f"label=com.docker.compose.project={self.project}"
        self.engine.docker("network", "prune", "--force", "--filter", label)
        self.engine.docker("volume", "prune", "--all", "--force", "--filter", label)


def state_of(container: Mapping[str, Any]) -> str:
    """`healthy`, `ended well`, or what else `docker ps` would say."""
    state = container["State"]
    if state["Status"] == "exited" and state["ExitCode"] == 0:
        return "ended well"
    if state["Status"] != "running":
        return f"{state['Status']} ({state['ExitCode']})"
    health = state.get("Health")
    return str(health["Status"]) if health else "running"
