"""Keeps secrets out of what a program prints, whoever prints it: libraries quote them in their errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

_SECRET_KEYS = frozenset(
    {"key", "secret", "password", "token", "jwt_secret_key", "redis_password", "apiKey", "uid"}
)
_SHORTEST = 6
"""A shorter text is no secret worth the name, and would cut words out of every line."""
HIDDEN = "***"


class RedactedStream:
    """A text stream in front of another, which gets every text without the secrets in it."""

    def __init__(self, stream: Any, secrets: Collection[str]) -> None:  # noqa: ANN401 - whatever sys.stderr is
        self._stream = stream
        self._secrets = sorted(secrets, key=len, reverse=True)

    def write(self, text: str) -> int:
        """Write it, with three stars for each secret; the length is that of the text given."""
        shown = text
        for secret in self._secrets:
            shown = shown.replace(secret, HIDDEN)
        self._stream.write(shown)
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the stream's own
        return getattr(self._stream, name)


def secrets_in(configuration: Any) -> set[str]:  # noqa: ANN401 - any JSON
    """The texts in a Freqtrade configuration that nobody may read."""
    if isinstance(configuration, list):
        return set().union(*map(secrets_in, configuration))
    if not isinstance(configuration, dict):
        return set()
    own = {
        value
        for name, value in configuration.items()
        if name in _SECRET_KEYS and isinstance(value, str) and len(value) >= _SHORTEST
    }
    return own.union(*map(secrets_in, configuration.values()))


def redact_output(arguments: Sequence[str]) -> None:
    """From now on, what this process prints lacks the secrets of the configuration that `arguments` name."""
    if "--config" not in arguments[:-1]:
        return
    path = Path(arguments[arguments.index("--config") + 1])
    try:
        hidden = secrets_in(json.loads(path.read_text()))
    except (OSError, ValueError):  # Freqtrade, which reads it next, says what is wrong with it
        return
    sys.stdout = RedactedStream(sys.stdout, hidden)
    sys.stderr = RedactedStream(sys.stderr, hidden)
