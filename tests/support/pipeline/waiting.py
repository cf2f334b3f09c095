"""Waits for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.02


def eventually(condition: Callable[[], object], seconds: float = 90.0) -> None:
    """Return as soon as the condition holds; fails if it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen within {seconds:.0f} s"
        time.sleep(PAUSE_SECONDS)
