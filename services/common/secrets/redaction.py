"""Replaces secrets in all that a program prints, logs or answers, because libraries quote secrets in their errors.

`secret_texts` decides which texts are secret.
"""

from __future__ import annotations

import base64
import html
import json
import re
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from services.common.secrets.secret_texts import SHORTEST

HIDDEN = "***"
_ANYWHERE = 6
"""The length from which a secret is replaced anywhere. A shorter one is replaced only where it is a whole word."""
_LINE_OF_KEY = 16
_IN_URL = r"(?<=://)[^\s/@'\"<>]*:[^\s/@'\"<>]*(?=@)"
"""The credentials in any URL, even if they are not among the known secrets."""

Redact = Callable[[str], str]


def redactor(secrets: Iterable[str]) -> Redact:
    """Make a function that replaces each of the secrets in a text with three stars.

    Secrets are found unencoded and as JSON, Python, URLs, HTML and Base64 encode them. The credentials in any URL are
    replaced too.
    """
    pattern = _pattern(secrets)
    return lambda text: pattern.sub(HIDDEN, text)


class RedactedStream:
    """Wraps a text stream and replaces the secrets in every text.

    Programs write a text in pieces. If the end of a piece may be the beginning of a secret, that end is held back
    until more is written.
    """

    def __init__(self, stream: Any, secrets: Collection[str]) -> None:  # noqa: ANN401 - whatever sys.stderr is
        self._stream = stream
        self._pattern = _pattern(secrets)
        forms = _all_forms(secrets)
        self._beginnings = {form[:length] for form in forms for length in range(1, len(form))}
        self._longest = max(map(len, self._beginnings), default=0)
        self._held = ""
        self._shown = 0  # the characters at the beginning of `_held` that were written already
        self._lock = threading.RLock()

    @property
    def buffer(self) -> RedactedBytes:
        """A binary stream for callers that write bytes."""
        return RedactedBytes(self)

    def write(self, text: str) -> int:
        """Write `text` with three stars in place of each secret, and return the length of `text`."""
        with self._lock:
            whole = self._held + text
            end = self._end(whole)
            self._stream.write(self._cleaned(whole, end))
            self._shown = max(self._shown - end, 0)
            self._held = whole[end:]
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of the lines."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream. Text that is held back is written first if it is shorter than any secret."""
        with self._lock:
            if len(self._held) < SHORTEST:
                self._stream.write(self._held[self._shown :])
                self._shown = len(self._held)
            self._stream.flush()

    def _cleaned(self, whole: str, end: int) -> str:
        """Return `whole` up to `end` with the secrets replaced, without the part that was written before."""
        pieces = []
        at = self._shown
        for found in self._pattern.finditer(whole, 0, end):
            pieces += [whole[at : found.start()], HIDDEN]
            at = found.end()
        return "".join([*pieces, whole[at:end]])

    def _end(self, whole: str) -> int:
        """Return where the text that can be written ends. The text after that may be the beginning of a secret."""
        lengths = range(min(len(whole), self._longest), 0, -1)
        begun = next((length for length in lengths if whole[-length:] in self._beginnings), 0)
        end = len(whole) - begun
        crossing = (
            found.end() for found in self._pattern.finditer(whole) if found.start() < end < found.end()
        )
        return next(crossing, end)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the stream's own
        return getattr(self._stream, name)


class RedactedBytes:
    """A binary stream that decodes UTF-8 and writes the text to a `RedactedStream`."""

    def __init__(self, stream: RedactedStream) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write the bytes as text, and return the number of bytes."""
        self._stream.write(data.decode(errors="replace"))
        return len(data)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()


def redact_errors(secrets: Collection[str]) -> None:
    """Remove these secrets from this process's standard error, tracebacks included, from now on."""
    sys.stderr = RedactedStream(sys.stderr, secrets)


def redact_streams(secrets: Collection[str]) -> None:
    """Remove these secrets from this process's standard output and standard error from now on."""
    sys.stdout = RedactedStream(sys.stdout, secrets)
    redact_errors(secrets)


def _all_forms(secrets: Iterable[str]) -> set[str]:
    return {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}


def _forms(secret: str) -> Iterator[str]:
    """Yield the forms in which programs may write a secret."""
    text = secret.strip()
    as_json = json.dumps(text)[1:-1]
    yield from (text, as_json, as_json.replace("/", "\\/"), json.dumps(text, ensure_ascii=False)[1:-1])
    yield from (repr(text)[1:-1], repr(text.encode())[2:-1], html.escape(text))
    yield from (quote(text), quote(text, safe=""), quote_plus(text))
    if len(text) >= _ANYWHERE:
        encoded = text.encode(errors="surrogatepass")
        yield from (base64.b64encode(encoded).decode(), base64.urlsafe_b64encode(encoded).decode())
    yield from (line for line in text.splitlines() if len(line) >= _LINE_OF_KEY and "-----" not in line)


def _pattern(secrets: Iterable[str]) -> re.Pattern[str]:
    forms = sorted(_all_forms(secrets), key=len, reverse=True)
    texts = [
        re.escape(form) if len(form) >= _ANYWHERE else rf"(?<![^\W_]){re.escape(form)}(?![^\W_])"
        for form in forms
    ]
    return re.compile("|".join([*texts, _IN_URL]))
