"""The owner of each polled source. Limits apply per owner, so several sources of one owner count as one."""

from __future__ import annotations

from collections.abc import Mapping


class Owners:
    """The owners of sources, in lower case.

    Args:
        owners: the owner of each polled source, by the source's name; empty for a source that is its own owner.

    Attributes:
        sources: names of the polled sources.
    """

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = {source: (owner or source).casefold() for source, owner in owners.items()}
        self._count = len(set(self._owners.values()))
        self.sources = frozenset(owners)

    def of(self, source: str) -> str:
        """The owner of a source; a source that is no longer polled is its own owner."""
        return self._owners.get(source, source.casefold())

    def part_of(self, whole: int) -> int:
        """The equal share of each owner, rounded down."""
        return whole // max(self._count, 1)
