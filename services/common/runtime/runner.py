"""Runs a service: settings, logging, health, start-up with back-off, clean stop.

Exit statuses: 0 after SIGTERM or SIGINT, 78 (EX_CONFIG) when a person has to change something first,
75 (EX_TEMPFAIL) when a call did not return, 1 after an unexpected error.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Protocol

import structlog

from services.common.clock import Clock, SystemClock
from services.common.errors import CryptoBoyError, StopProgram, TryLater
from services.common.network.proxies import shield_loopback
from services.common.probe import USUAL_PORTS
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import HealthReport, HealthServer, is_served_by
from services.common.runtime.logging import LogWriter, configure_logging
from services.common.runtime.memory import memory_limit, memory_used
from services.common.runtime.metrics import (
    DEPENDENCY_UP,
    ERRORS,
    MEMORY_LIMIT,
    MEMORY_USED,
    QUEUE_LIMIT,
    SENTIMENT_STALENESS,
)
from services.common.runtime.ports import handed_over
from services.common.runtime.watchdog import Watchdog
from services.common.runtime.work import CallsInProgress
from services.common.secrets.private import close_folder, keep_private
from services.common.secrets.programs import with_secrets
from services.common.secrets.redaction import redact_errors, redactor
from services.common.secrets.secret_texts import secrets_given, secrets_of
from services.common.services import SERVICES
from services.common.settings.settings import Settings
from services.common.text.clean_output import clean_output

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0


class Service(Protocol):
    """The interface of a service that the runner runs."""

    @property
    def work(self) -> CallsInProgress:
        """The calls in progress. If one of them does not return, the process is ended."""
        ...

    def start(self) -> None:
        """Check what the service needs and connect.

        Raises:
            TryLater: a dependency is unavailable; `start` is called again after a wait.
            StopProgram: the service cannot work until a person changes something.
        """
        ...

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish the messages in flight and return.

        Handles TryLater itself. Raises StopProgram if the service cannot work until a person changes something.
        """
        ...

    def health(self) -> HealthReport:
        """Return the present state of each dependency by name. Never blocks, and can be called before `start`."""
        ...

    def close(self) -> None:
        """Release all resources. The runner calls this once, even if `start` failed."""
        ...


Build = Callable[[Settings, Clock], Service]


def run_service(
    name: str, build: Build, *, serves_health: bool = False, check: Callable[[Settings], None] | None = None
) -> int:
    """Run a service in this process until a signal ends it, and return the exit status.

    Args:
        name: the service's name in the registry.
        build: builds the service.
        serves_health: whether the service has /health, /live and /metrics on a port of its own.
        check: called with all settings, also with the secrets that the service does not get; raises StopProgram.
    """
    keep_private()
    shield_loopback(os.environ)
    try:
        settings = Settings.load()
    except StopProgram as error:
        sys.stderr.write(f"{name}: {error}\n")
        return os.EX_CONFIG
    writer = configure_logging(settings, name)
    redact_errors(secrets_given(os.environ))  # uncaught exceptions, which Python itself prints
    clean_output()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        if changed := close_folder(settings.state_dir):
            log.warning("state_dir_closed", detail=changed)
        if check is not None:
            check(settings)
        return _serve(name, settings, build, stop, writer, serves_health=serves_health)
    except StopProgram as error:
        ERRORS.labels(name, error.reaction).inc()
        log.error("service_cannot_work", error=str(error))  # noqa: TRY400 - the message is for the operator, the trace is not
        return os.EX_CONFIG
    except Exception:  # log it; the supervisor restarts us
        log.exception("service_failed")
        return 1


def _serve(
    name: str,
    settings: Settings,
    build: Build,
    stop: threading.Event,
    writer: LogWriter,
    *,
    serves_health: bool,
) -> int:
    _export_limits(settings)
    own = with_secrets(settings, SERVICES[name].secrets)
    if others := [field.upper() for field, value in own if value != getattr(settings, field)]:
        log.info("secrets_not_used", variables=others, detail="better not given to this service at all")
    service = build(own, SystemClock())
    writer.work = service.work
    watchdog = Watchdog(
        name,
        service.work,
        stuck_after=settings.work_stuck_after,
        give_up_after=settings.work_give_up_after,
    )

    redact = redactor(secrets_of(settings))

    def report() -> HealthReport:
        current = {**service.health(), "work": watchdog.health()}
        parts = {part: replace(state, detail=redact(state.detail)) for part, state in current.items()}
        for dependency, state in parts.items():
            DEPENDENCY_UP.labels(name, dependency).set(state.ok)
        return parts

    try:
        watchdog.start()
        with (
            nullcontext(threading.Event())
            if serves_health
            else _serving_health(name, settings, report) as ready
        ):
            if start_with_backoff(service.start, stop, name):
                ready.set()
                log.info("service_ready")
                service.run(stop)
    finally:
        service.close()
    log.info("service_stopped")
    return 0


@contextmanager
def _serving_health(
    name: str, settings: Settings, report: Callable[[], HealthReport]
) -> Iterator[threading.Event]:
    """Serve /health during the block; it says `starting` until the event that this yields is set."""
    server = _health_server(name, settings, report)
    log.info(
        "service_starting", health=f"http://{settings.health_host}:{server.port}/health", pid=os.getpid()
    )
    try:
        yield server.ready
    finally:
        server.close()


def _health_server(name: str, settings: Settings, report: Callable[[], HealthReport]) -> HealthServer:
    """Start the health server on the inherited socket if there is one, otherwise on the configured port.

    If HEALTH_PORT is not set and another copy of the service uses the usual port, a free port is used.
    """
    port = USUAL_PORTS[name] if settings.health_port is None else settings.health_port
    listener, _ = handed_over(sys.argv[1:])
    if listener:
        return HealthServer(name, settings.health_host, port, report, listener=listener)
    try:
        return HealthServer(name, settings.health_host, port, report)
    except StopProgram:
        if settings.health_port is not None or not is_served_by(name, settings.health_host, port):
            raise
    server = HealthServer(name, settings.health_host, 0, report)
    log.warning("second_copy", usual_port=port, port=server.port, detail=f"another {name} runs here")
    return server


def _export_limits(settings: Settings) -> None:
    """Export as metrics the limits and the memory usage that alert rules compare."""
    QUEUE_LIMIT.set(settings.queue_max_length)
    SENTIMENT_STALENESS.set(settings.sentiment_staleness_hours * 3600)
    MEMORY_LIMIT.set(memory_limit() or float("nan"))
    MEMORY_USED.set_function(lambda: memory_used() or float("nan"))


def start_with_backoff(start: Callable[[], None], stop: threading.Event, name: str) -> bool:
    """Call `start` until it succeeds, and wait after each TryLater. Return False if `stop` was set first."""
    backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    while not stop.is_set():
        try:
            start()
        except TryLater as error:
            count_error(name, error)
            wait = error.after or backoff.failed()
            log.warning("service_waiting", error=str(error), retry_in_seconds=round(wait, 1))
            stop.wait(wait)
        else:
            return True
    return False


def count_error(service: str, error: CryptoBoyError) -> None:
    """Count an error in the metric of errors, by its reaction."""
    ERRORS.labels(service, error.reaction).inc()
