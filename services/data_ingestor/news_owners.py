"""Who owns which of the sources that are polled. What is counted by owner counts several sources of one as one."""

from __future__ import annotations

from collections.abc import Mapping


class Owners:
    """The owners of sources, in lower case.

    Args:
        owners: by the names of the sources that are polled; empty for a source that is its own owner.

    Attributes:
        sources: those that are polled.
    """

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = {source: (owner or source).casefold() for source, owner in owners.items()}
        self._count = len(set(self._owners.values()))
        self.sources = frozenset(owners)

    def of(self, source: str) -> str:
        """Whose source it is; one that is not polled any more is its own owner."""
        return self._owners.get(source, source.casefold())

    def part_of(self, whole: int) -> int:
        """What each owner has where all have the same part."""
        return whole // max(self._count, 1)
