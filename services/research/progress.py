"""How long-running work reports how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called now and then with how much is done and how much there is, in any unit."""

Waiting = Callable[[str], None]
"""Called with the reason when work begins to wait, once for each article that waits."""


def patient(_reason: str) -> None:
    """Report nothing."""


def quiet(_done: int, _size: int) -> None:
    """Report nothing."""
