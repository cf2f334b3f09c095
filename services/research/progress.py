"""Defines how long-running work reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""A function that is called from time to time with the amount done and the total amount, in any unit."""

Waiting = Callable[[str], None]
"""A function that is called with the reason when an article begins to wait, once for each article that waits."""


def patient(_reason: str) -> None:
    """Report nothing."""


def quiet(_done: int, _size: int) -> None:
    """Report nothing."""
