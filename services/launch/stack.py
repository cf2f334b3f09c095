"""Which programs make up the system, and with which arguments and environment each is started."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from services.common.freqtrade_variables import without_freqtrade_variables
from services.common.runtime.ports import free_port
from services.common.secrets.programs import SECRETS_OF_REDIS, with_secrets
from services.common.services import API, NOTIFIER, SERVICES
from services.common.settings.settings import CURRENT_ENV_FILE, BrokerKind, Settings
from services.common.store.embedded.access import accepts_connections
from services.launch.addresses import usual_ports
from services.launch.freqtrade.api import FreqtradeApi
from services.launch.freqtrade.config import freqtrade_config, write_config
from services.launch.freqtrade.trading_mode import mode_of, mode_question
from services.launch.probes import answers_ok
from services.launch.supervisor import ProcessSpec, Role


@dataclass(frozen=True)
class Stack:
    """The programs of one run.

    Attributes:
        settings: the configuration of every program of this project.
        run_dir: the folder of this run, with the logs, Freqtrade's configuration and Freqtrade's database.
        extra: further variables for every program, such as those of a replay's clock.
        health_ports: the port of each service for /health and /metrics, if it is another than `usual_ports` says.
        alone: whether Freqtrade runs without a caller of its `is_ready`; then Freqtrade's own process checks that it
            trades as the settings say.
        may_enter: whether Freqtrade opens trades; if not, it only closes open trades.
        has_bot: whether Freqtrade is one of the programs; if not, somebody's own bot reads the signals.
    """

    settings: Settings
    run_dir: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    health_ports: Mapping[str, int] = field(default_factory=dict)
    alone: bool = False
    may_enter: bool = True
    has_bot: bool = True

    def services(self) -> list[ProcessSpec]:
        """The services that news needs to become a trade, consumers before producers."""
        return [self._service(name) for name, service in SERVICES.items() if service.is_needed_to_trade]

    def watchers(self) -> list[ProcessSpec]:
        """The services that record, show and tell what the others do, and without which these go on.

        The notifier is one of them if there is a channel that it could tell anything to.
        """
        return [
            replace(self._service(name), is_needed=False)
            for name, service in SERVICES.items()
            if not service.is_needed_to_trade and (name != NOTIFIER or self.settings.has_channels)
        ]

    def api(self) -> ProcessSpec:
        """The API with its page, which asks the other services where this run has them."""
        return self._service(API)

    def _service(self, name: str) -> ProcessSpec:
        ports = {**usual_ports(self.settings), **self.health_ports}
        port, host, changes = ports[name], self.settings.health_host, {}
        if name == API:
            host = self.settings.api_host
        if name in {API, NOTIFIER}:  # these ask the others how they are
            changes = {"api_services": _addresses(self.settings, ports, name)}
        environ = {
            **self._environ_with(SERVICES[name].secrets, **changes),
            "HEALTH_PORT": str(port),
        }
        url = f"http://127.0.0.1:{port}/health"
        argv = self._module(SERVICES[name].module)
        return ProcessSpec(name, argv, environ, answers_ok(url), health_url=url, port=port, host=host)

    def store(self) -> ProcessSpec:
        """The embedded Redis, on the port of the settings; the settings also name its socket (see `with_socket`)."""
        arguments = self._module("services.common.store.embedded.server")
        environ = self._environ_with(SECRETS_OF_REDIS)
        is_ready = partial(accepts_connections, self.settings.redis_socket)
        port = self.settings.redis_port
        return ProcessSpec("redis", arguments, environ, is_ready, role=Role.SERVES, port=port)

    def exchange(
        self, candles: Path, timeframe: str, start: datetime, anchor: datetime, port: int
    ) -> ProcessSpec:
        """The replay exchange: at the time `anchor` it replays the candles of the time `start`."""
        arguments = self._module(
            "services.replay_exchange.replay_exchange",
            *("--candles", str(candles), "--timeframe", timeframe),
            *("--start", start.isoformat(), "--anchor", anchor.isoformat(), "--port", str(port)),
            "--read-only",
        )
        environ = self._environ_with(())
        return ProcessSpec(
            "replay_exchange",
            arguments,
            environ,
            answers_ok(f"http://127.0.0.1:{port}/api/v3/ping"),
            role=Role.SERVES,
        )

    @property
    def trades_file(self) -> Path:
        """The file of Freqtrade's database."""
        return self.run_dir / ("trades-dry-run.sqlite" if self.settings.dry_run else "trades-live.sqlite")

    def freqtrade(self, *, throttle_seconds: int) -> ProcessSpec:
        """The real `freqtrade trade`; writes its configuration file, which only the owner can read."""
        config_file = self.run_dir / "freqtrade.json"
        user_data = self.run_dir / "user_data"
        user_data.mkdir(parents=True, exist_ok=True)
        config = freqtrade_config(
            self.settings,
            database=self.trades_file,
            throttle_seconds=throttle_seconds,
            may_enter=self.may_enter,
        )
        write_config(config, config_file)
        expected = mode_of(self.settings)
        return ProcessSpec(
            "freqtrade",
            self._module(
                "services.launch.freqtrade.bot",
                *(("--expected-mode", json.dumps(expected)) if self.alone else ()),
                *("trade", "--config", str(config_file), "--userdir", str(user_data)),
            ),
            self._environ(),
            mode_question(expected, FreqtradeApi.of(config["api_server"])),
            role=Role.TRADES,
            port=self.settings.freqtrade_api_port,
            host=self.settings.freqtrade_api_host,
        )

    def _environ_with(self, secrets: Collection[str], **changes: Any) -> dict[str, str]:  # noqa: ANN401 - settings
        """Return this process's environment with the settings, but with no secrets other than `secrets`."""
        if self.settings.broker is BrokerKind.EMBEDDED:
            secrets = set(secrets) - {"rabbitmq_pass"}
        settings = with_secrets(self.settings, secrets).changed(**changes)
        return {**self._environ(), **settings.environment()}

    def _environ(self) -> dict[str, str]:
        """This process's environment without Freqtrade's variables and without settings; callers add settings."""
        ours = Settings.variables()
        others = without_freqtrade_variables(os.environ)
        inherited = {name: value for name, value in others.items() if name.upper() not in ours}
        return {**inherited, CURRENT_ENV_FILE: "", "PYTHONUNBUFFERED": "1", **self.extra}

    def _module(self, name: str, *arguments: str) -> Sequence[str]:
        return [sys.executable, "-P", "-m", name, *arguments]


def _addresses(settings: Settings, ports: Mapping[str, int], asking: str) -> tuple[str, ...]:
    """API_SERVICES, or else all services of this run but the one that asks."""
    if settings.api_services is not None:
        return settings.api_services
    left_out = {asking} if settings.has_channels else {asking, NOTIFIER}
    return tuple(f"{name}=127.0.0.1:{port}" for name, port in ports.items() if name not in left_out)


def free_health_ports() -> dict[str, int]:
    """A free port for each service but the API, whose port is API_PORT."""
    return {name: free_port() for name in SERVICES if name != API}
