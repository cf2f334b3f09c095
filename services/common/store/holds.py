"""What keeps the strategy from opening trades: holds, each with an owner. Exits always go on.

Whether a hold is in force is the strategy's to say: see `cryptoboy_sentiment.holds`. Here they are written and read.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.common.store.keys import KEPT

OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Hold:
    """One owner's wish that no trade is opened.

    Attributes:
        owner: whose it is; nobody else lifts it but the operator.
        since, until: with a zone; until None: as long as nobody lifts it.
    """

    owner: str
    reason: str
    since: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.owner or self.owner == KEPT:
            raise ValueError(f"{self.owner!r} cannot own a hold")

    def as_text(self) -> str:
        """As it stands in the store."""
        until = self.until.isoformat() if self.until else None
        return json.dumps({"reason": self.reason, "since": self.since.isoformat(), "until": until})


@dataclass(frozen=True, slots=True)
class StoredHolds:
    """What the store holds of them.

    Attributes:
        fields: of `trading:holds`, `_kept` included; empty where it is not there.
        id: of `trading:holds_id`, None where it is not there.
        has_entries_key: whether `trading:entries` is there.
    """

    fields: Mapping[str, str]
    id: str | None
    has_entries_key: bool

    @property
    def are_kept(self) -> bool:
        """False where holds were lost, or never were any: then entries are refused."""
        return KEPT in self.fields

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose holds are there, those that are over included."""
        return tuple(sorted(self.fields.keys() - {KEPT}))


def new_id() -> str:
    """A name that no state of any holds ever had."""
    return uuid.uuid4().hex


class Holds(Protocol):
    """The holds of one store. All methods raise TryLater and StopProgram as those of `SentimentStore`."""

    def read(self) -> StoredHolds:
        """All that is there, in one round trip."""
        ...

    def set(self, hold: Hold) -> None:
        """Put a hold in the place of the same owner's. What was lost stays lost: entries are then refused anyway."""
        ...

    def lift(self, owner: str) -> None:
        """Remove the hold of this owner, if there is one. For the owner itself."""
        ...

    def resume(self, owners: Collection[str], now: datetime) -> None:
        """For the operator: remove the holds of these owners, and say that from now on holds are kept."""
        ...

    def begin(self, id: str, now: datetime) -> str | None:  # noqa: A002 - it is what the key is called
        """Where no hold was ever kept, keep them from now on.

        A `trading:entries` that is there becomes a hold of the operator.

        Returns:
            The id of the holds: `id`, or that which was there. None: holds were lost, and nothing was changed.
        """
        ...

    def mark(self, id: str) -> None:  # noqa: A002 - it is what the key is called
        """Write the id where there is none, so that nobody takes the store for a new one."""
        ...

    def refuse(self) -> None:
        """Remove `_kept`: entries are refused until the operator resumes."""
        ...
