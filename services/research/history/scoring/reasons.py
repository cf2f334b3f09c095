"""Collects why a scorer gave no score: each reason with its count and the first article concerned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_REASONS = 20
"""The largest number of separate reasons; further reasons count as `OTHERS`, so that reports stay small."""
OTHERS = "other reasons"
_LONGEST = 300


@dataclass(slots=True)
class Reason:
    """One reason of one outcome; `article_id` and `title` are those of the first article with this reason."""

    outcome: str
    reason: str
    count: int
    article_id: str
    title: str

    def __str__(self) -> str:
        return f"{self.outcome} {self.count}: {self.reason} (first: {self.article_id}, {self.title!r})"


@dataclass(slots=True)
class Reasons:
    """All reasons that were noted so far."""

    _found: dict[tuple[str, str], Reason] = field(default_factory=dict)

    def note(self, outcome: str, reason: str, article_id: str, title: str) -> None:
        """Count a reason once more."""
        text = " ".join(reason.split())[:_LONGEST]
        if len(self._found) >= MOST_REASONS and (outcome, text) not in self._found:
            text = OTHERS
        found = self._found.setdefault((outcome, text), Reason(outcome, text, 0, article_id, title))
        found.count += 1

    def __iter__(self) -> Iterator[Reason]:
        """Iterate over the reasons, the most frequent reason first."""
        return iter(sorted(self._found.values(), key=lambda each: -each.count))

    def as_json(self) -> list[dict[str, Any]]:
        """Return all reasons as JSON values, the most frequent reason first."""
        return [asdict(each) for each in self]

    @classmethod
    def of(cls, notes: Iterable[dict[str, Any]]) -> Reasons:
        """Restore the reasons from the values that `as_json` returned."""
        return cls({(each["outcome"], each["reason"]): Reason(**each) for each in notes})
