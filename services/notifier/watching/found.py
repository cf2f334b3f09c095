"""What a look has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.common.history.notifying.port import NotifierBatch
from services.notifier.delivery.outbox import NOTHING
from services.notifier.happening import Happening


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What happened, and what is written in the same transaction as its notices.

    Attributes:
        also: what is written with the notices: positions up to which was read, and what the next look compares with.
        is_late: whether it may have happened long before the look, as after a start.
        health: what /health says about the look.
    """

    happenings: tuple[Happening, ...] = ()
    also: NotifierBatch = NOTHING
    is_late: bool = False
    health: str = "watched"


class Watch(Protocol):
    """Something that is looked at again and again, from one thread."""

    @property
    def name(self) -> str:
        """The name for logs and health."""
        ...

    @property
    def seconds(self) -> float:
        """The time between two looks."""
        ...

    def look(self) -> Found:
        """Look. What was found counts as seen once `commit` was called. Raises TryLater and StopProgram."""
        ...

    def commit(self) -> None:
        """Note that what `look` found is written."""
        ...
