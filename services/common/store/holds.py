"""Holds: each is one owner's wish that the strategy opens no trades. Exits are always allowed.

Here holds are written and read. Whether one is in force is decided by the strategy: see `cryptoboy_sentiment.holds`.
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
        owner: who placed it. Nobody else may lift it, except for the operator.
        since, until: with a time zone; `until` is None if it lasts until somebody lifts it.
    """

    owner: str
    reason: str
    since: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.owner or self.owner == KEPT:
            raise ValueError(f"{self.owner!r} cannot own a hold")

    def as_text(self) -> str:
        """The hold as it is written to the store."""
        until = self.until.isoformat() if self.until else None
        return json.dumps({"reason": self.reason, "since": self.since.isoformat(), "until": until})


@dataclass(frozen=True, slots=True)
class StoredHolds:
    """The holds as read from the store.

    Attributes:
        fields: of `trading:holds`, `_kept` included; empty if there is no such key.
        id: the value of `trading:holds_id`, None if there is no such key.
        has_entries_key: whether `trading:entries` is there.
    """

    fields: Mapping[str, str]
    id: str | None
    has_entries_key: bool

    @property
    def are_kept(self) -> bool:
        """Whether the store has a record of holds. If not, holds were lost or never begun, and entries are refused."""
        return KEPT in self.fields

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners of all holds, expired ones included."""
        return tuple(sorted(self.fields.keys() - {KEPT}))


def new_id() -> str:
    """A new id, different from every id before."""
    return uuid.uuid4().hex


class Holds(Protocol):
    """The holds of one store. All methods raise TryLater and StopProgram as those of `SentimentStore`."""

    def read(self) -> StoredHolds:
        """Read the holds, in one round trip."""
        ...

    def set(self, hold: Hold) -> None:
        """Write a hold in place of the same owner's. Lost holds stay lost; entries are refused then anyway."""
        ...

    def lift(self, owner: str) -> None:
        """Remove the hold of this owner, if there is one. To be called for the owner itself only."""
        ...

    def resume(self, owners: Collection[str], now: datetime) -> None:
        """For the operator: remove the holds of these owners, and record that holds are kept from now on."""
        ...

    def begin(self, id: str, now: datetime) -> str | None:  # noqa: A002 - it is what the key is called
        """Begin to keep holds, if the store never had any.

        A `trading:entries` that is there becomes a hold of the operator.

        Returns:
            The id of the holds: `id`, or the one that was there. None if holds were lost; then nothing was changed.
        """
        ...

    def mark(self, id: str) -> None:  # noqa: A002 - it is what the key is called
        """Write the id if there is none, so that the store is not taken for a new one."""
        ...

    def refuse(self) -> None:
        """Remove `_kept`: entries are refused until the operator resumes."""
        ...
