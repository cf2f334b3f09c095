"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told now and then how much is done and how much there is, in any unit."""


Waiting = Callable[[str], None]
"""Called with the reason why work waits, once for each article that waits."""


def patient(_reason: str) -> None:
    """Report nothing."""


def quiet(_done: int, _size: int) -> None:
    """Say nothing."""
