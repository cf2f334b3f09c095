"""Waits for what another thread, task or process does."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import pytest

PATIENCE_SECONDS = float(os.environ.get("CHAOS_PATIENCE_SECONDS", "90"))
"""Less for those who expect a test to fail."""
LOOK_SECONDS = 0.02


def eventually(
    condition: Callable[[], object],
    what: str | Callable[[], str] = "",
    seconds: float = PATIENCE_SECONDS,
    look: float = LOOK_SECONDS,
) -> None:
    """Return as soon as the condition holds; the test fails, saying `what` did not happen, if it does not in time.

    The condition is looked at again after `look` seconds: longer where a look costs something.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:.0f} s: {what if isinstance(what, str) else what()}")
        time.sleep(look)


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds; the test's own time limit ends it otherwise."""
    while not condition():  # noqa: ASYNC110 - the condition is nobody's event
        await asyncio.sleep(LOOK_SECONDS)
