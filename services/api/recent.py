"""Answers that are kept for some seconds, because finding them is expensive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from services.common.errors import CryptoBoyError

T = TypeVar("T")


class Recent(Generic[T]):
    """An answer that is at most `seconds` old. Callers that come while it is looked for wait for it."""

    def __init__(self, find: Callable[[], T], seconds: float) -> None:
        self._find = find
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None
        self._failed: tuple[float, CryptoBoyError] | None = None

    def get(self) -> T:
        """The answer. Raises as the function that finds it; those who waited meanwhile get the same error at once."""
        asked = time.monotonic()
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > self._seconds:
                self._found = None
                if self._failed and self._failed[0] >= asked:
                    raise self._failed[1]
                try:
                    answer = self._find()
                except CryptoBoyError as error:
                    self._failed = time.monotonic(), error
                    raise
                self._found = time.monotonic(), answer
            return self._found[1]
