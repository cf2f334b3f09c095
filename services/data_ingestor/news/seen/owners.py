"""Determines the owner of each polled source. Limits apply to an owner, so all its sources share these limits."""

from __future__ import annotations

from collections.abc import Mapping


class Owners:
    """The owners of sources, in lower case.

    Args:
        owners: the owner of each polled source, by the source's name. It is empty for a source that is its own owner.

    Attributes:
        sources: the names of the polled sources.
    """

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = {source: (owner or source).casefold() for source, owner in owners.items()}
        self._count = len(set(self._owners.values()))
        self.sources = frozenset(owners)

    def of(self, source: str) -> str:
        """Return the owner of a source. A source that is no longer polled is its own owner."""
        return self._owners.get(source, source.casefold())

    def part_of(self, whole: int) -> int:
        """Return the share of one owner if `whole` is divided equally among all owners, rounded down."""
        return whole // max(self._count, 1)
