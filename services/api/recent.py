"""Answers that are kept for some seconds, because finding them is expensive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """An answer that is at most `seconds` old. Callers that come while it is looked for wait for it."""

    def __init__(self, find: Callable[[], T], seconds: float) -> None:
        self._find = find
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None

    def get(self) -> T:
        """The answer. Raises as the function that finds it, and then remembers nothing."""
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > self._seconds:
                self._found = None
                answer = self._find()
                self._found = time.monotonic(), answer
            return self._found[1]
