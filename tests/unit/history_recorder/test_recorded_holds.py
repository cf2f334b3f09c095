from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from services.common.history.rows import HoldAction, HoldRow
from services.common.store.holds import Hold, StoredHolds
from services.common.store.keys import KEPT
from services.history_recorder.holds import changes, state_of

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
RISK = Hold("risk", "three losses", NOW - timedelta(minutes=1), NOW + timedelta(hours=1))


def stored(*holds: Hold, kept: bool = True, entries_key: bool = False) -> StoredHolds:
    fields = {hold.owner: hold.as_text() for hold in holds} | ({KEPT: "since"} if kept else {})
    return StoredHolds(fields, "id", has_entries_key=entries_key)


def told(before: StoredHolds | None, now: StoredHolds) -> list[HoldRow]:
    return changes(state_of(before) if before else {}, state_of(now), NOW)


def test_a_hold_is_recorded_when_it_is_set_changed_and_lifted() -> None:
    (was_set,) = told(stored(), stored(RISK))
    assert was_set == HoldRow(
        owner="risk",
        action=HoldAction.SET,
        seen=NOW,
        reason="three losses",
        since=RISK.since,
        until=RISK.until,
    )
    assert told(stored(RISK), stored(RISK)) == []
    (changed,) = told(stored(RISK), stored(Hold("risk", "four losses", NOW)))
    assert (changed.action, changed.reason, changed.until) == (HoldAction.SET, "four losses", None)
    (lifted,) = told(stored(RISK), stored())
    assert (lifted.owner, lifted.action, lifted.reason) == ("risk", HoldAction.LIFTED, "three losses")


def test_a_new_store_without_holds_has_nothing_to_tell() -> None:
    assert told(None, stored()) == []


def test_a_lost_record_of_holds_is_a_hold_itself_until_it_is_there_again() -> None:
    (lost,) = told(stored(), stored(kept=False))
    assert (lost.owner, lost.action) == (KEPT, HoldAction.SET)
    assert "refused" in lost.reason
    (back,) = told(stored(kept=False), stored())
    assert (back.owner, back.action) == (KEPT, HoldAction.LIFTED)


def test_the_key_of_the_release_before_is_a_hold_of_the_operator() -> None:
    (hold,) = told(stored(), stored(entries_key=True))
    assert hold.owner == "operator"
    assert told(stored(), stored(Hold("operator", "paused", NOW), entries_key=True))[0].reason == "paused"


def test_a_hold_that_another_program_wrote_in_its_own_way_is_recorded_as_it_is() -> None:
    for text in ("by hand", "[1]", '{"reason": null, "since": "yesterday"}'):
        (row,) = changes({}, {"somebody": text}, NOW)
        assert (row.owner, row.since, row.until) == ("somebody", None, None)
    assert changes({}, {"somebody": "by hand"}, NOW)[0].reason == "by hand"


def test_of_a_very_long_hold_the_beginning_is_recorded_so_that_every_database_takes_it() -> None:
    long = {"o" * 5_000: json.dumps({"reason": "r" * 500_000})}
    (was_set,) = changes({}, long, NOW)
    (lifted,) = changes(long, {}, NOW)
    for row in (was_set, lifted):
        assert (row.owner, row.reason) == ("o" * 200, "r" * 2_000)
