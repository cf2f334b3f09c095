"""Sets and lifts holds: while one is in force, the strategy opens no trades but still closes open ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from services.common.errors import StopProgram
from services.common.store.holds import OPERATOR
from services.common.store.holds import Hold as StoredHold
from services.common.store.port import SentimentStore


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold in force; its fields are texts, as in the store. With an empty `until` it lasts until it is lifted."""

    owner: str
    reason: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Entries:
    """Whether the strategy may open trades.

    Attributes:
        entries: `allowed`, `paused` or `lost`; `lost` means that the store does not keep holds, so entries are
            refused.
        why: the reason why entries are refused, on one line with the next step; empty while entries are allowed.
    """

    entries: str
    holds: tuple[Hold, ...]
    why: str


def read_entries(store: SentimentStore) -> Entries:
    """Evaluate the holds as the strategy does, at this moment. Raises TryLater and StopProgram, as the store does."""
    import cryptoboy_sentiment as news  # takes seconds

    stored = store.holds.read()
    holds = news.holds_in_force(stored.fields, datetime.now(UTC), entries_key=stored.has_entries_key)
    state = news.state_of(stored.fields, holds)
    shown = tuple(Hold(*hold) for hold in holds)
    return Entries("allowed" if state == "open" else state, shown, news.describe(state, holds))


def pause(
    store: SentimentStore, reason: str, now: datetime, until: datetime | None, owner: str = OPERATOR
) -> Entries:
    """Set the hold of an owner, which lasts until `until`; if None, until it is lifted. Raises as `read_entries`."""
    store.holds.set(StoredHold(owner, reason, now, until))
    return read_entries(store)


def resume(store: SentimentStore, now: datetime, owners: Collection[str] = ()) -> Entries:
    """Lift the holds of these owners; without owners, the operator's hold.

    Lifting the operator's hold also ends the state `lost`.

    Raises:
        StopProgram: an owner has no hold; the message names the owners that have one. No hold was lifted.
        TryLater: the store does not answer.
    """
    owners = owners or (OPERATOR,)
    there = store.holds.read().owners
    if unknown := sorted(set(owners) - {OPERATOR, *there}):
        raise StopProgram(f"there is no hold of {', '.join(unknown)}; there is {', '.join(there) or 'none'}")
    if OPERATOR in owners:
        store.holds.resume(owners, now)
    for owner in set(owners) - {OPERATOR}:
        store.holds.lift(owner)
    return read_entries(store)


def resume_all(store: SentimentStore, now: datetime) -> Entries:
    """Lift every hold, whoever owns it. Raises as `read_entries`."""
    return resume(store, now, {OPERATOR, *store.holds.read().owners})
