"""A real Prometheus and a real Alertmanager with what deploy/ says, on loopback, for a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from devtools.servers.programs import Program
from tests.support.monitoring.prometheus_tools import ALERTMANAGER_FILE, PROMETHEUS, RULES
from tests.support.servers.server_control import LOOPBACK, ServerProblem, free_ports, wait_until

START_SECONDS = 60.0
Targets = Mapping[str, Sequence[int]]
"""The ports of loopback on which a job of prometheus.yml finds its targets here."""


@dataclass(frozen=True)
class Monitoring:
    """Where the two listen."""

    prometheus: str
    alertmanager: str

    def ask(self, path: str, **parameters: str) -> Any:
        """An answer of Prometheus's API. Raises httpx.HTTPError."""
        answer = httpx.get(f"{self.prometheus}/api/v1/{path}", params=parameters, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json()["data"]

    def scraped(self) -> dict[str, dict[str, str]]:
        """What became of the last scrape of each target: instance to health, by job; `unknown` before the first."""
        found: dict[str, dict[str, str]] = {}
        for target in self.ask("targets", state="active")["activeTargets"]:
            found.setdefault(target["labels"]["job"], {})[target["labels"]["instance"]] = target["health"]
        return found

    def names(self) -> frozenset[str]:
        """The metrics of which there is a sample."""
        return frozenset(self.ask("label/__name__/values"))

    def known(self) -> frozenset[str]:
        """The metric families that targets told of, with samples or not."""
        return frozenset(self.ask("metadata"))

    def firing(self) -> list[dict[str, Any]]:
        """The alerts that fire."""
        return [each for each in self.ask("alerts")["alerts"] if each["state"] == "firing"]

    def received(self) -> list[dict[str, Any]]:
        """The alerts that Alertmanager has, with what silences each."""
        answer = httpx.get(f"{self.alertmanager}/api/v2/alerts", timeout=30, trust_env=False)
        answer.raise_for_status()
        return list(answer.json())


def local_configuration(targets: Targets, alertmanager_port: int, folder: Path) -> Path:
    """The deployed configuration with targets on loopback, and all its seconds shortened to one."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"] = [
        {"static_configs": [{"targets": [f"{LOOPBACK}:{alertmanager_port}"]}]}
    ]
    for job in config["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        addresses = [f"{LOOPBACK}:{port}" for port in targets.get(job["job_name"], ())]
        job["static_configs"] = [{"targets": addresses}]
    (folder / "rules").mkdir(parents=True)
    for file in RULES:
        (folder / "rules" / file.name).write_text(_shortened(file))
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def _shortened(file: Path) -> str:
    rules = yaml.safe_load(file.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    return yaml.safe_dump(rules, width=10_000)


@contextmanager
def running_monitoring(targets: Targets, folder: Path) -> Iterator[Monitoring]:
    """Both programs, for as long as the context lasts. The jobs of the two themselves are filled in here."""
    own, other, cluster = free_ports(3)
    folder.mkdir(parents=True, exist_ok=True)
    everything = {**targets, "prometheus": (own,), "alertmanager": (other,)}
    config = local_configuration(everything, other, folder)
    with ExitStack() as running:
        _start(
            running,
            folder,
            "prometheus-alertmanager",
            f"--config.file={ALERTMANAGER_FILE}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={LOOPBACK}:{other}",
            f"--cluster.listen-address={LOOPBACK}:{cluster}",
            f"--cluster.advertise-address={LOOPBACK}:{cluster}",
            ready=f"http://{LOOPBACK}:{other}/-/ready",
        )
        _start(
            running,
            folder,
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={LOOPBACK}:{own}",
            ready=f"http://{LOOPBACK}:{own}/-/ready",
        )
        yield Monitoring(f"http://{LOOPBACK}:{own}", f"http://{LOOPBACK}:{other}")


def _start(running: ExitStack, folder: Path, name: str, *options: str, ready: str) -> None:
    found = shutil.which(name)
    if not found:
        raise ServerProblem(f"{name} is not installed; ./cryptoboy test --only-install installs it")
    program = Program([found, *options], {}, folder / f"{name}.out")
    running.callback(program.kill)
    wait_until(name, lambda: _answers(ready), START_SECONDS, program.problem)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
