"""Logging with one line for each event: readable text by default, JSON if LOG_FORMAT=json."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TextIO

import structlog

from services.common.runtime.work import CallsInProgress
from services.common.secrets.redaction import redactor
from services.common.secrets.secret_texts import secrets_of
from services.common.settings.settings import LogFormat, Settings
from services.common.text.clean_output import trusted
from services.common.text.plain_text import without_control

# Libraries that repeat what we log ourselves, or log addresses with credentials at DEBUG.
_QUIET = {
    "pika": logging.CRITICAL,
    "httpx": logging.WARNING,
    "httpx2": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpcore2": logging.WARNING,
    "ccxt": logging.WARNING,
    "telegram": logging.CRITICAL,
    "urllib3": logging.WARNING,
}
_READS_FOR_ONE_ANSWER = "cryptoboy_sentiment.mirrored_source"
"""A bot logs once that entries are paused. Services open the source for each answer and would log it each time."""
_SEVERAL_LINES = frozenset({"exception", "stack"})
_OURS = frozenset({"level", "logger", "service", "timestamp"})
"""The log fields that only our code fills. They are not redacted, because a word in them may equal a password."""


class LogWriter(logging.StreamHandler[TextIO]):
    """Writes the log. A write blocks for ever if nobody reads the pipe, so writes are recorded as calls in progress.

    Attributes:
        work: where the writes in progress are recorded.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.work = CallsInProgress()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        with self.work.doing("writing the log", 0.0):
            super().emit(record)


def configure_logging(settings: Settings, service: str, stream: TextIO | None = None) -> LogWriter:
    """Send the log of this process and of its libraries to `stream` (stderr by default), and return the log's writer.

    Every line has the time (UTC), level, event and service. Lines about an article also have its `trace_id` (see
    `tracing`). No line contains a secret from the settings or the value of a local variable.
    """
    stream = trusted(stream or sys.stderr)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        # The service is not a context variable, because other threads do not see those of one thread.
        lambda _logger, _method, event: {**event, "service": event.get("service", service)},
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    render: list[structlog.typing.Processor]
    if settings.log_format is LogFormat.JSON:
        render = [structlog.processors.JSONRenderer()]  # which escapes control characters
    else:
        # The renderer's own tracebacks show the values of local variables, which may be keys and passwords.
        render = [
            _each_value(_on_one_line),
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), pad_event_to=28, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    last: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        _without_secrets(settings),
        *render,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = LogWriter(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    handler.addFilter(lambda record: record.name != _READS_FOR_ONE_ANSWER)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    structlog.contextvars.clear_contextvars()
    return handler


def _each_value(change: Callable[[str, object], object]) -> structlog.typing.Processor:
    """Return a processor that replaces each value of an event by the result of `change(key, value)`."""

    def process(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        return {key: change(key, value) for key, value in event.items()}

    return process


def _without_secrets(settings: Settings) -> structlog.typing.Processor:
    """Return a processor that removes secrets from the values of an event, but not from its keys, which we write."""
    redact = redactor(secrets_of(settings))

    def clean(value: object) -> object:
        if value is None or isinstance(value, (bool, float)):
            return value
        if isinstance(value, dict):
            return {redact(str(key)): clean(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(each) for each in value]
        text = value if isinstance(value, str) else repr(value)
        shown = redact(text)
        return value if shown == text else shown

    return _each_value(lambda key, value: value if key in _OURS else clean(value))


def _on_one_line(key: str, value: object) -> object:
    """Return a value without control characters, on one line; only tracebacks and stacks keep their line breaks."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else repr(value)
    return without_control(text, lines=key in _SEVERAL_LINES)
