"""Prometheus and Alertmanager as production configures them, on loopback and in a hurry."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.monitoring.prometheus_tools import ALERTMANAGER_FILE, PROMETHEUS, RULES
from tests.support.servers.running import RunningServer
from tests.support.servers.server_control import LOOPBACK
from tests.support.servers.server_programs import Program

# promtool proves the durations themselves; here they only cost time.
HURRIED_SECONDS = 1
_HURRIED_THRESHOLDS = {"StreamSilent": ("> 60", "> 10")}


class Pages(RunningServer):
    """Takes what Alertmanager sends to a webhook; `token` is what makes its address a secret."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                pages.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
                """Quiet."""

        server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        super().__init__(server)
        self.token = secrets.token_hex(12)
        self.url = f"http://{LOOPBACK}:{server.server_port}/{self.token}"

    def titles(self) -> str:
        """The titles of all messages."""
        return "\n".join(str(each["attachments"][0]["title"]) for each in self.bodies)


class Watch:
    """A running Prometheus with production's rules, and its Alertmanager.

    Args:
        addresses: where production's targets (host:port) are here; of a target found by name, its name.
        secrets: the folder with the webhooks' addresses.
        ports: of Prometheus and of Alertmanager.
    """

    def __init__(
        self, folder: Path, addresses: Mapping[str, str], secrets: Path, ports: tuple[int, int]
    ) -> None:
        self._folder = folder
        self._addresses = {**addresses, "alertmanager:9093": f"{LOOPBACK}:{ports[1]}"}
        self._addresses["localhost:9090"] = f"{LOOPBACK}:{ports[0]}"
        self._secrets = secrets
        self._ports = ports
        self._programs: dict[str, Program] = {}
        self._client = httpx.Client(base_url=f"http://{LOOPBACK}:{ports[0]}/api/v1", trust_env=False)

    def start(self) -> None:
        """Start both; answers come a moment later."""
        folder = self._folder
        (folder / "rules").mkdir(parents=True)
        for file in RULES:
            (folder / "rules" / file.name).write_text(yaml.safe_dump(_hurried(file)))
        (folder / "prometheus.yml").write_text(yaml.safe_dump(self._configuration()))
        text = ALERTMANAGER_FILE.read_text().replace("/run/secrets", str(self._secrets))
        text = re.sub(r"group_(wait|interval): \d+[sm]", rf"group_\1: {HURRIED_SECONDS}s", text)
        (folder / "alertmanager.yml").write_text(text)
        self.start_alertmanager()
        self._run(
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self._ports[0]}",
        )

    def start_alertmanager(self) -> None:
        """Start Alertmanager, again if need be."""
        self._run(
            "prometheus-alertmanager" if shutil.which("prometheus-alertmanager") else "alertmanager",
            f"--config.file={self._folder / 'alertmanager.yml'}",
            f"--storage.path={self._folder / 'alertmanager'}",
            f"--web.listen-address={LOOPBACK}:{self._ports[1]}",
            "--cluster.listen-address=",
        )

    def kill_alertmanager(self) -> None:
        """End Alertmanager as a power cut would."""
        next(each for name, each in self._programs.items() if "alertmanager" in name).kill()

    def targets(self) -> dict[str, str]:
        """The health of every target by job, and the error of one that is not up."""
        found = self._ask("targets")["activeTargets"]
        return {each["labels"]["job"]: each["lastError"] or each["health"] for each in found}

    def firing(self) -> list[dict[str, str]]:
        """The labels of the alerts that fire now."""
        return [each["labels"] for each in self._ask("alerts")["alerts"] if each["state"] == "firing"]

    def fires(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels fires."""
        return any(labels.items() <= each.items() for each in self.firing())

    def value(self, expression: str) -> float | None:
        """The first value of an expression, None if it has none."""
        found = self._ask("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def programs(self) -> list[Program]:
        """Both, once they were started."""
        return list(self._programs.values())

    def close(self) -> None:
        """Kill both."""
        self._client.close()
        for program in self._programs.values():
            program.kill()

    def _ask(self, path: str, **query: str) -> Any:
        try:
            return self._client.get(path, params=query).raise_for_status().json()["data"]
        except httpx.HTTPError:
            return {"activeTargets": [], "alerts": [], "result": []}

    def _run(self, name: str, *options: str) -> None:
        program = shutil.which(name)
        assert program, f"{name} is not installed; ./cryptoboy test --only-install installs it"
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self._folder)}
        self._programs[name] = Program([program, *options], environment, self._folder / f"{name}.log")

    def _configuration(self) -> dict[str, Any]:
        text = (PROMETHEUS / "prometheus.yml").read_text()
        configuration: dict[str, Any] = yaml.safe_load(text)
        for name in ("scrape_interval", "scrape_timeout", "evaluation_interval"):
            configuration["global"][name] = f"{HURRIED_SECONDS}s"
        jobs = [*configuration["scrape_configs"], *configuration["alerting"]["alertmanagers"]]
        for job in jobs:
            for found in job.pop("dns_sd_configs", ()):
                job["static_configs"] = [{"targets": found["names"]}]
            for group in job["static_configs"]:
                group["targets"] = [self._addresses[target] for target in group["targets"]]
        return configuration


def _hurried(file: Path) -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load(file.read_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        if "for" in rule:
            rule["for"] = f"{HURRIED_SECONDS}s"
        before, after = _HURRIED_THRESHOLDS.get(rule.get("alert", ""), ("", ""))
        assert before in rule["expr"], f"{file}: {rule} no longer says {before}"
        rule["expr"] = rule["expr"].replace(before, after) if before else rule["expr"]
    return rules
