"""Which owner each polled source has. Counted by owner, several sources of one owner count as one."""

from __future__ import annotations

from collections.abc import Mapping


class Owners:
    """The owners of sources, in lower case.

    Args:
        owners: the owner of each polled source, by the source's name; empty for a source that is its own owner.

    Attributes:
        sources: those that are polled.
    """

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = {source: (owner or source).casefold() for source, owner in owners.items()}
        self._count = len(set(self._owners.values()))
        self.sources = frozenset(owners)

    def of(self, source: str) -> str:
        """The owner of a source; a source that is not polled any more is its own owner."""
        return self._owners.get(source, source.casefold())

    def part_of(self, whole: int) -> int:
        """The part of each owner if all have the same part, rounded down."""
        return whole // max(self._count, 1)
