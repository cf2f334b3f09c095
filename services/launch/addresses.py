"""Checks of host names and ports, made before anything starts."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.common.errors import StopProgram
from services.common.network.compose_names import explain_compose_name
from services.common.probe import USUAL_PORTS
from services.common.runtime.ports import is_free
from services.common.services import API, SERVICES
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import LOOPBACK
from services.sentiment_analyzer.scorers.build import model_servers


def usual_ports(settings: Settings) -> dict[str, int]:
    """The port of each service for /health and /metrics if HEALTH_PORT is not set."""
    return {**USUAL_PORTS, API: settings.api_port}


def check_names(settings: Settings) -> None:
    """Raise StopProgram if a server has a name that only Compose resolves; the message says what to write instead."""
    hosts = []
    if settings.broker is BrokerKind.RABBITMQ:
        hosts += [("RABBITMQ_HOST", settings.rabbitmq_host), ("REDIS_HOST", settings.redis_host)]
    for variable, urls in model_servers(settings).items():
        hosts += [(variable, urlsplit(url).hostname or "") for url in urls]
    if wrong := [line for variable, host in hosts if (line := explain_compose_name(variable, host))]:
        raise StopProgram("\n".join(wrong))


def check_addresses(settings: Settings, *, has_bot: bool = True) -> None:
    """Raise StopProgram if a port that is needed to trade is taken, or if settings contradict the embedded Redis."""
    if settings.broker is BrokerKind.EMBEDDED:
        if settings.redis_host not in LOOPBACK:
            raise StopProgram(
                f"REDIS_HOST={settings.redis_host}, but the embedded Redis runs on this machine. Unset REDIS_HOST, "
                "or use RabbitMQ and that Redis: BROKER=rabbitmq"
            )
        for variable, is_set in (("REDIS_TLS", settings.redis_tls), ("REDIS_USER", settings.redis_user)):
            if is_set:
                raise StopProgram(
                    f"{variable} is set, but the embedded Redis has no TLS and no users. Unset {variable}, or use "
                    "RabbitMQ and a Redis of your own: BROKER=rabbitmq"
                )
    for taken in ports_taken(settings, has_bot=has_bot, with_watchers=False):
        raise StopProgram(taken)


def ports_taken(settings: Settings, *, has_bot: bool = True, with_watchers: bool = True) -> list[str]:
    """A message for each port that is taken: what needs it, how to find what uses it, whether it can be changed.

    Args:
        settings: the configuration.
        has_bot: whether Freqtrade is one of the programs.
        with_watchers: whether the ports of the services that only record and show are looked at too.
    """
    listeners = [
        (port, "the API with its page", "API_PORT") if name == API else (port, f"/health of {name}", "")
        for name, port in usual_ports(settings).items()
        if with_watchers or SERVICES[name].is_needed_to_trade
    ]
    if has_bot:
        listeners.append((settings.freqtrade_api_port, "Freqtrade's API", "FREQTRADE_API_PORT"))
    if settings.broker is BrokerKind.EMBEDDED:
        listeners.append((settings.redis_port, "the embedded Redis", "REDIS_PORT"))
    return [
        f"port {port} is in use, and {what} needs it. Is the system running already? "
        f"`ss -ltnp | grep :{port}` shows what uses it; stop that"
        + (f", or set {variable} to a free port." if variable else ": `up` cannot move this port.")
        for port, what, variable in listeners
        if not is_free(port)
    ]
