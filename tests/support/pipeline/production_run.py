"""docker-compose.production.yml without Docker: the same programs, variables, users and files, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from services.common.services import Deployment, deployed_by
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.operations.secrets.files import make_secrets
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.monitoring.production_watch import Pages, Watch
from tests.support.news.news_feed_server import FeedServer
from tests.support.pipeline.chaos_pipeline import NewsFlow, make_stories
from tests.support.scoring.scripted_ollama import MODEL, ScriptedOllama, chat_reply, good_answer
from tests.support.servers.production_servers import ProductionRabbit, ProductionRedis
from tests.support.servers.running import Running
from tests.support.servers.server_control import LOOPBACK, free_ports
from tests.support.servers.server_programs import Program

PAIR = "BTC/USDT"
STRATEGY_METRICS_PORT = 8105
OURS = {each.container: each.port for each in deployed_by(Deployment.COMPOSE)} | {
    "freqtrade": STRATEGY_METRICS_PORT
}
RULES = """preset = "none"
[[rules]]
name = "holds alone, since an article comes each second"
kinds = ["hold_set"]
"""
GOOD = chat_reply(good_answer(8))
_COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.production.yml").read_text())
_INTERPOLATED = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


class ProductionRun(Running):
    """Starts everything, and any part again after it was killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.secrets = folder / "secrets"
        make_secrets(self.secrets)
        self._ports = dict(
            zip((*OURS, "freqtrade-api", "exchange", "model"), free_ports(len(OURS) + 3), strict=True)
        )
        self.pages = Pages()
        for name in ("alert_notes_url", "alert_pages_url"):
            (self.secrets / name).write_text(self.pages.url)
        self.notices = Pages()
        channel = self.notices.url.replace("http://", "json://")
        (self.secrets / "notify_urls").write_text(f"hook={channel}\n")
        self.rabbitmq = ProductionRabbit(self.secrets)
        self.redis = ProductionRedis(self.secrets)
        self.feeds = FeedServer()
        self.flow = NewsFlow(self.feeds, make_stories(2_000), 1.0, "/rss")
        self.model: ScriptedOllama | None = None
        self.programs: dict[str, Program] = {}
        self._anchor = datetime.now(UTC)
        addresses = {f"{name}:{port}": name for name, port in OURS.items()}
        places = {target: f"{LOOPBACK}:{self._ports[name]}" for target, name in addresses.items()}
        places["sentiment-processor"] = f"{LOOPBACK}:{self._ports['sentiment-processor']}"
        places["rabbitmq:15692"] = f"{LOOPBACK}:{self.rabbitmq.prometheus_port}"
        prometheus, alertmanager = free_ports(2)
        self.watch = Watch(folder / "watch", places, self.secrets, (prometheus, alertmanager))

    def start(self) -> None:
        """Start every part."""
        self.pages.start()
        self.notices.start()
        self.feeds.__enter__()
        self.rabbitmq.start()
        self.redis.start()
        self.start_model()
        self.start_exchange()
        (self._folder / "sources.toml").write_text(f'[[source]]\nname = "paper"\nurl = "{self.flow.url}"\n')
        (self._folder / "notify.toml").write_text(RULES)
        self.flow.begin()
        for name in OURS:
            self.start_program(name)
        self.watch.start()

    def start_program(self, name: str) -> None:
        """Start one of our services, or Freqtrade, as Compose would."""
        command = _COMPOSE["services"][name]["command"]
        assert command[:2] == ["python", "-m"]
        self._run(name, [sys.executable, "-P", *command[1:]], self.environment(name))

    def start_model(self) -> None:
        """A model server that finds every article good news."""
        self.model = ScriptedOllama(port=self._ports["model"])
        self.model.usually("/api/chat", GOOD)
        self.model.start()

    def stop_model(self) -> None:
        """The model server is gone."""
        if self.model:
            self.model.close()
        self.model = None

    def start_exchange(self) -> None:
        """The replay exchange; started again, it goes on as if it had never been away."""
        options = f"--timeframe 1m --port {self._ports['exchange']} --anchor {self._anchor.isoformat()}"
        module = "services.replay_exchange.replay_exchange"
        command = [sys.executable, "-P", "-m", module, *shlex.split(options)]
        self._run("exchange", command, {})

    def kill(self, name: str) -> None:
        """End a program and its children as a power cut would."""
        program = self.programs[name]
        children = psutil.Process(program.process.pid).children(recursive=True)
        program.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ends with its parent
                child.kill()

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a service as Compose would give them, with the addresses of this machine."""
        exchange = ccxt_config(f"http://{LOOPBACK}:{self._ports['exchange']}")
        chosen = {
            "TRADING_PAIRS": PAIR,
            "STRATEGY_TIMEFRAME": "1m",
            "NEWS_POLL_INTERVAL": "1",
            "NEWS_SOURCE_QUOTA": str(
                24 * 3600
            ),  # one feed brings an article at every poll, which is no flood here
            "OLLAMA_MODEL": MODEL,
            "CRYPTOBOY_OLLAMA_HOST": f"http://{LOOPBACK}:{self._ports['model']}",
            "EXCHANGE_CONFIG": json.dumps(exchange),
        }
        given: dict[str, Any] = _COMPOSE["services"][name]["environment"]
        variables = {
            variable: _INTERPOLATED.sub(lambda match: chosen.get(match[1], match[2] or ""), str(value))
            for variable, value in given.items()
        }
        variables = {
            variable: value.replace("/run/secrets", str(self.secrets))
            for variable, value in variables.items()
        }
        here = {
            "HEALTH_HOST": LOOPBACK,
            "RABBITMQ_HOST": LOOPBACK,
            "REDIS_HOST": LOOPBACK,
            "FREQTRADE_API_HOST": LOOPBACK,
            "API_HOST": LOOPBACK,
            "API_KEYS_FILE": str(self._folder / "api_keys.json"),
            # The notifier shares the recorder's, as in Compose.
            "STATE_DIR": str(self._folder / f"state-{'history-recorder' if name == 'notifier' else name}"),
            "NOTIFY_RULES_FILE": str(self._folder / "notify.toml"),
            "STRATEGY_METRICS_PORT": str(self._ports["freqtrade"]),
        }
        variables |= {variable: value for variable, value in here.items() if variable in variables}
        return variables | {
            "RABBITMQ_PORT": str(self.rabbitmq.port),
            "RABBITMQ_MANAGEMENT_PORT": str(self.rabbitmq.management_port),
            "REDIS_PORT": str(self.redis.port),
            "FREQTRADE_API_PORT": str(self._ports["freqtrade-api"]),
            "HEALTH_PORT": str(self._ports.get(name, 0)),
            "NEWS_SOURCES_FILE": str(self._folder / "sources.toml"),
            "MARKET_SILENCE": "15",
        }

    def bot(self) -> httpx.Client:
        """A client of Freqtrade's API."""
        password = (self.secrets / "freqtrade_api").read_text().strip()
        base = f"http://{LOOPBACK}:{self._ports['freqtrade-api']}/api/v1"
        return httpx.Client(base_url=base, auth=("cryptoboy", password), trust_env=False)

    def command(self, *arguments: str) -> Any:
        """The JSON that a command of the operator's container prints."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "services.cli", *arguments, "--json"],
            env=self._whole(self.environment("operator")),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def own_processes(self) -> list[psutil.Process]:
        """Everything that runs, children included."""
        processes = []
        for program in self._all_programs():
            with contextlib.suppress(psutil.NoSuchProcess):
                root = psutil.Process(program.process.pid)
                processes += [root, *root.children(recursive=True)]
        return processes

    def names(self) -> dict[int, str]:
        """The names of everything that runs, by process id."""
        found = {}
        for process in self.own_processes():
            with contextlib.suppress(psutil.NoSuchProcess):  # the poller's readers of feeds come and go
                found[process.pid] = process.name()
        return found

    def listening(self) -> set[tuple[str, str]]:
        """Each program of ours with each address on which it waits for others, over TCP or UDP.

        A UDP socket on a port that the kernel chose is there to send from. RabbitMQ's syslog client has one, even where
        nothing is logged to syslog.
        """
        names = self.names()
        sockets: list[Any] = psutil.net_connections(kind="inet")
        return {
            (names[each.pid], each.laddr.ip)
            for each in sockets
            if each.pid in names and (each.status == psutil.CONN_LISTEN or _is_open_to_all(each))
        }

    def shown(self) -> str:
        """What others can see of the processes: their whole logs, their arguments, and their variables."""
        seen = [each.output.read_text(errors="replace") for each in self._all_programs()]
        for process in self.own_processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                seen += [*process.cmdline(), *process.environ().values()]
        return "\n".join(seen)

    def tails(self) -> str:
        """The ends of all logs, for a failure's message."""
        return "\n".join(
            f"--- {name}\n{each.output.read_text(errors='replace')[-1500:]}"
            for name, each in self.programs.items()
        )

    def close(self) -> None:
        """End everything."""
        closers: list[Callable[[], None]] = [self.watch.close]
        closers += [program.kill for program in self.programs.values()]
        closers += [self.stop_model, self.rabbitmq.close, self.redis.close]
        for close in closers:
            close()
        self.feeds.__exit__(None, None, None)
        self.pages.close()
        self.notices.close()

    def _all_programs(self) -> list[Program]:
        servers = [*self.rabbitmq.programs(), *self.redis.programs(), *self.watch.programs()]
        return [*self.programs.values(), *servers]

    def _run(self, name: str, command: list[str], variables: dict[str, str]) -> None:
        self.programs[name] = Program(command, self._whole(variables), self._folder / f"{name}.log")

    def _whole(self, variables: dict[str, str]) -> dict[str, str]:
        ours = Settings.variables()
        inherited = {variable: value for variable, value in os.environ.items() if variable not in ours}
        own = {"CRYPTOBOY_ENV_FILE": "", "PYTHONPATH": PYTHON_PATH, "PYTHONUNBUFFERED": "1"}
        return {**inherited, **own, **variables}


def _is_open_to_all(connection: Any) -> bool:
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    is_chosen = not lowest <= connection.laddr.port <= highest
    return connection.type == socket.SOCK_DGRAM and not connection.raddr and is_chosen
