"""Decides which holds were set, changed or lifted since they were last read. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.common.history.rows import HoldAction, HoldRow
from services.common.store.holds import OPERATOR, StoredHolds
from services.common.store.keys import ENTRIES, KEPT
from services.common.values import as_utc

NO_RECORD = "the store has no record of the holds, so entries are refused"
_MOST_OF_OWNER = 200
"""PostgreSQL refuses a row whose key has more than 2,704 bytes, and other programs set holds too."""
_MOST_OF_REASON = 2_000


def state_of(found: StoredHolds) -> dict[str, str]:
    """The holds of the store as texts by owner.

    A missing record of holds counts as a hold whose owner is `_kept`. `trading:entries` without a hold of the operator
    counts as one, because the strategy reads it so.
    """
    held = {owner: text for owner, text in found.fields.items() if owner != KEPT}
    if not found.are_kept:
        held[KEPT] = json.dumps({"reason": NO_RECORD})
    if found.has_entries_key:
        held.setdefault(OPERATOR, json.dumps({"reason": f"{ENTRIES} is there"}))
    return held


def changes(before: Mapping[str, str], now: Mapping[str, str], seen: datetime) -> list[HoldRow]:
    """The rows for what changed between two states.

    `seen` is when the second one was read, and must be later than in the rows of the change before.
    """
    lifted = [_row(owner, before[owner], HoldAction.LIFTED, seen) for owner in before if owner not in now]
    was_set = [
        _row(owner, text, HoldAction.SET, seen) for owner, text in now.items() if before.get(owner) != text
    ]
    return [*lifted, *was_set]


def _row(owner: str, text: str, action: HoldAction, seen: datetime) -> HoldRow:
    fields = _fields(text)
    return HoldRow(
        owner=owner[:_MOST_OF_OWNER],
        action=action,
        seen=seen,
        reason=str(fields.get("reason") or "")[:_MOST_OF_REASON],
        since=_instant(fields.get("since")),
        until=_instant(fields.get("until")),
    )


def _fields(text: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(text)
    except ValueError:  # another program wrote it, and the strategy refuses entries
        return {"reason": text}
    return fields if isinstance(fields, dict) else {"reason": text}


def _instant(value: object) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat(str(value))) if value else None
    except ValueError:
        return None
