"""Defines holds: each hold is one owner's request that the strategy opens no trades. Exits are always allowed.

This module writes and reads holds. The strategy decides whether a hold is in force: see `cryptoboy_sentiment.holds`.
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
    """One owner's request that no trade is opened.

    Attributes:
        owner: the name of the owner, who alone may lift the hold, except for the operator.
        since, until: the start and end, with a time zone; `until` is None if the hold lasts until it is lifted.
    """

    owner: str
    reason: str
    since: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.owner or self.owner == KEPT:
            raise ValueError(f"{self.owner!r} cannot own a hold")

    def as_text(self) -> str:
        """The text of the hold as stored in Redis."""
        until = self.until.isoformat() if self.until else None
        return json.dumps({"reason": self.reason, "since": self.since.isoformat(), "until": until})


@dataclass(frozen=True, slots=True)
class StoredHolds:
    """The holds as read from the store.

    Attributes:
        fields: the fields of `trading:holds`, including `_kept`; empty if the key does not exist.
        id: the value of `trading:holds_id`; None if the key does not exist.
        has_entries_key: whether the key `trading:entries` exists.
    """

    fields: Mapping[str, str]
    id: str | None
    has_entries_key: bool

    @property
    def are_kept(self) -> bool:
        """Whether the store has a record of holds.

        If there is no record, holds were lost or were never recorded, and entries are refused.
        """
        return KEPT in self.fields

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners of all holds, including expired holds."""
        return tuple(sorted(self.fields.keys() - {KEPT}))


def new_id() -> str:
    """Create a new id that differs from every earlier id."""
    return uuid.uuid4().hex


class Holds(Protocol):
    """The holds of one store. All methods raise TryLater and StopProgram like the methods of `SentimentStore`."""

    def read(self) -> StoredHolds:
        """Read the holds in one round trip."""
        ...

    def set(self, hold: Hold) -> None:
        """Write a hold, replacing any hold of the same owner.

        If holds were lost, this method does not restore them, and entries are refused anyway.
        """
        ...

    def lift(self, owner: str) -> None:
        """Remove the hold of this owner, if it exists. Must be called only on behalf of the owner."""
        ...

    def resume(self, owners: Collection[str], now: datetime) -> None:
        """Remove the holds of these owners, and record that holds are kept from now on. For the operator only."""
        ...

    def begin(self, id: str, now: datetime) -> str | None:  # noqa: A002 - it is what the key is called
        """Begin to record holds if the store has never recorded holds.

        An existing `trading:entries` key becomes a hold of the operator.

        Returns:
            The id of the holds: `id`, or the id that already existed. None if holds were lost; nothing is
                changed then.
        """
        ...

    def mark(self, id: str) -> None:  # noqa: A002 - it is what the key is called
        """Write the id unless an id exists, so that the store is not treated as a new one."""
        ...

    def refuse(self) -> None:
        """Remove `_kept`, so that entries are refused until the operator resumes."""
        ...
