"""Removes the secrets of Freqtrade's configuration from its output, logs, API and Telegram messages.

Escape sequences are removed from the log, too, because tags and errors may quote text from outside.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.common.secrets.redaction import Redact, redact_streams, redactor
from services.common.secrets.secret_texts import secrets_given, secrets_in
from services.common.text.plain_text import without_control

_CONFIG = ("--config", "-c")
_PLAIN = logging.Formatter()


def redact_output(arguments: Sequence[str]) -> None:
    """Remove the secrets of the configuration files in `arguments` from all later output of this process.

    Log records are changed when they are made, because Freqtrade also keeps the records for its API and for Telegram,
    and because Freqtrade breaks long lines, even within a secret, before it prints them.
    """
    hidden = secrets_given(os.environ)
    for path in _configurations(arguments):
        try:
            hidden |= secrets_in(json.loads(path.read_text()))
        except (OSError, ValueError):  # Freqtrade reads it next and reports what is wrong
            continue
    redact_streams(hidden)
    redact = redactor(hidden)
    redact_records(lambda text: redact(without_control(text, lines=True)))


def redact_records(redact: Redact) -> None:
    """Remove secrets from every log record of this process, including the traceback, when the record is made."""
    make = logging.getLogRecordFactory()

    def make_redacted(*args: object, **kwargs: object) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not fit: logging says so when it writes the record
            return record
        shown = redact(text)
        if shown != text:
            record.msg, record.args = shown, ()
        if record.exc_info:
            record.exc_text = redact(_PLAIN.formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(make_redacted)


def _configurations(arguments: Sequence[str]) -> Iterator[Path]:
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if before in _CONFIG:
            yield Path(argument)
        elif argument.startswith("--config="):
            yield Path(argument.partition("=")[2])
