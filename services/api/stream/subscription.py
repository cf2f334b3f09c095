"""What a client of the stream wants to get."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.api.stream.messages import Entry
from services.common.history.rows import Kind
from services.operations.news.stories import names_of

MOST_NAMES = 100
_Name = Annotated[str, Field(min_length=1, max_length=100)]


def _with_assets(pairs: frozenset[str]) -> frozenset[str]:
    """The pairs, and the assets under which signals for them may be recorded."""
    return frozenset(name for pair in pairs for name in names_of(pair))


class Subscription(BaseModel):
    """A client sends this object to change what it gets. An empty or missing list selects everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: frozenset[Kind] = frozenset()
    pairs: Annotated[frozenset[_Name], Field(max_length=MOST_NAMES), AfterValidator(_with_assets)] = (
        frozenset()
    )
    sources: Annotated[frozenset[_Name], Field(max_length=MOST_NAMES)] = frozenset()

    def wants(self, entry: Entry) -> bool:
        """Whether the client gets a message. One without a pair (source) is not among those of any pair (source)."""
        return (
            (not self.kinds or entry.kind in self.kinds)
            and (not self.pairs or entry.pair in self.pairs)
            and (not self.sources or entry.source in self.sources)
        )

    @property
    def wants_health(self) -> bool:
        """Whether the client gets the state of the services."""
        return not self.kinds or Kind.HEALTH in self.kinds
