"""Determines whether entries are allowed, from the holds in the store and the time at which each hold ends.

Entries are refused if the state of the holds is unknown: the hash does not exist, the hash lacks its field `_kept`
(holds were lost), or a hold cannot be read. Exits are always allowed.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from cryptoboy_sentiment.plain import one_line
from cryptoboy_sentiment.sources import EntriesState

OPERATOR = "operator"
_KEPT = frozenset({"_kept", b"_kept"})
LOST = (
    "the store has no record of holds: ./cryptoboy up has not yet run with it, it was emptied, evicts keys, was "
    "restored to an older state, or its services are of an older version (upgrade these). To allow entries then: "
    "./cryptoboy resume"
)
_MOST_SHOWN = 20


class Hold(NamedTuple):
    """A hold that is in force.

    The texts are those of the store, converted by `one_line`. An empty text means that the value is unknown, or that
    the hold has no end.
    """

    owner: str
    reason: str = ""
    since: str = ""
    until: str = ""

    def __str__(self) -> str:
        """The hold as one line of text."""
        since = f" since {self.since}" if self.since else ""
        until = f" until {self.until}" if self.until else ""
        return f"{self.owner}{since}{until}: {self.reason or 'no reason given'}"


def holds_in_force(
    fields: Mapping[bytes, bytes] | Mapping[str, str], now: datetime, *, entries_key: bool
) -> tuple[Hold, ...]:
    """The holds in force, sorted by owner.

    Args:
        fields: the fields of the hash `trading:holds`.
        now: the current time, with a time zone.
        entries_key: whether `trading:entries` exists, which counts as a hold of the operator whatever its content.
    """
    read = (_read(one_line(name), value, now) for name, value in fields.items() if name not in _KEPT)
    found = [hold for hold in read if hold]
    if entries_key and all(hold.owner != OPERATOR for hold in found):
        found.append(Hold(OPERATOR, "trading:entries is there"))
    return tuple(sorted(found))


def state_of(fields: Mapping[bytes, bytes] | Mapping[str, str], holds: tuple[Hold, ...]) -> EntriesState:
    """The state of entries that follows from the fields of `trading:holds` and the holds in force."""
    if _KEPT.isdisjoint(fields):
        return "lost"
    return "paused" if holds else "open"


def describe(state: EntriesState, holds: tuple[Hold, ...]) -> str:
    """The reason why entries are refused, on one line with the next step; empty if entries are allowed."""
    reasons = [str(hold) for hold in holds[:_MOST_SHOWN]]
    if holds:
        reasons.append("./cryptoboy resume lifts the operator's, resume --owner NAME another's")
    if state == "lost":
        reasons.insert(0, LOST)
    return "; ".join(reasons)


def _read(owner: str, value: bytes | str, now: datetime) -> Hold | None:
    try:
        hold = json.loads(value)
        until = hold.get("until")
        if until is not None and datetime.fromisoformat(until) <= now:
            return None
        return Hold(owner, *(one_line(hold.get(name) or "") for name in ("reason", "since", "until")))
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        # The end has no time zone, or the value is not JSON of that shape.
        return Hold(owner, f"cannot be read and so counts: {one_line(value)}")
