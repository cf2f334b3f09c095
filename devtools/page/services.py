"""Services that answer as running ones do, so that the page of the sample does not say that nothing runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.common.runtime.health import DependencyHealth, HealthServer
from services.common.runtime.ports import LOOPBACK
from services.common.services import API, NOTIFIER, SERVICES

NAMES = tuple(name for name in SERVICES if name not in {API, NOTIFIER})
_NO_SERVICE = "127.0.0.1:9"
"""An address where nothing listens, so that the services of this machine are not asked."""


@contextmanager
def answering(sources: Iterable[str]) -> Iterator[str]:
    """Answer /health and /metrics for each service until the end of the block. Yields API_SERVICES.

    Args:
        sources: those that the poller polls without a failure.
    """
    registry = CollectorRegistry()
    polls = Counter("cryptoboy_source_polls", "polls", ["source", "outcome"], registry=registry)
    is_up = Gauge("cryptoboy_source_up", "up", ["source"], registry=registry)
    for source in sources:
        polls.labels(source, "ok").inc()
        is_up.labels(source).set(1)
    with ExitStack() as running:
        yield ",".join(f"{name}={LOOPBACK}:{_port(running, name, registry)}" for name in NAMES)


def away() -> str:
    """API_SERVICES with which no service answers."""
    return ",".join(f"{name}={_NO_SERVICE}" for name in (*NAMES, NOTIFIER))


def _port(running: ExitStack, name: str, registry: CollectorRegistry) -> int:
    """Serve one service, and return its port."""
    report = {"broker": DependencyHealth(ok=True)}
    server = running.enter_context(closing(HealthServer(name, LOOPBACK, 0, lambda: report, registry)))
    server.ready.set()
    return server.port
