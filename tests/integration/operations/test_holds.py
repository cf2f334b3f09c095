"""Pausing and resuming on a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.common.store.holds import Hold
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.operations.holds import pause, read_entries, resume, resume_all

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def store(redis_settings: Settings) -> Iterator[SentimentStore]:
    with closing(open_store(redis_settings)) as opened:
        yield opened


@pytest.fixture
def kept(store: SentimentStore) -> SentimentStore:
    """A store that keeps holds, with one each of three owners."""
    store.holds.begin("first", NOW)
    for owner in ("operator", "risk", "calendar"):
        store.holds.set(Hold(owner, "why", NOW))
    return store


def test_a_pause_is_a_hold_of_the_operator_with_its_reason_and_its_end(store: SentimentStore) -> None:
    store.holds.begin("first", NOW)
    entries = pause(store, "rate decision", NOW, NOW + timedelta(hours=2))
    (hold,) = entries.holds
    assert (entries.entries, hold.owner, hold.reason) == ("paused", "operator", "rate decision")
    assert (hold.since, hold.until) == (NOW.isoformat(), (NOW + timedelta(hours=2)).isoformat())
    assert entries.why.startswith(f"operator since {hold.since} until {hold.until}: rate decision")
    assert read_entries(store) == entries


def test_a_pause_that_has_ended_refuses_nothing(store: SentimentStore) -> None:
    store.holds.begin("first", NOW)
    entries = pause(store, "over", NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    assert (entries.entries, entries.holds, entries.why) == ("allowed", (), "")


def test_resuming_lifts_the_operators_hold_alone_and_says_which_remain(kept: SentimentStore) -> None:
    entries = resume(kept, NOW)
    assert entries.entries == "paused"
    assert [hold.owner for hold in entries.holds] == ["calendar", "risk"]
    assert "resume --owner NAME" in entries.why


def test_the_hold_of_another_owner_is_lifted_by_name(kept: SentimentStore) -> None:
    assert [hold.owner for hold in resume(kept, NOW, ["risk"]).holds] == ["calendar", "operator"]


def test_an_owner_without_a_hold_is_refused_and_nothing_is_lifted(kept: SentimentStore) -> None:
    with pytest.raises(StopProgram, match="there is no hold of rsik; there is calendar, operator, risk"):
        resume(kept, NOW, ["rsik", "risk"])
    assert len(read_entries(kept).holds) == 3


def test_every_hold_can_be_lifted_at_once(kept: SentimentStore) -> None:
    assert resume_all(kept, NOW).entries == "allowed"


def test_a_store_that_keeps_no_holds_refuses_entries_until_it_is_resumed(store: SentimentStore) -> None:
    assert read_entries(store).entries == "lost"
    assert pause(store, "now", NOW, None).entries == "lost"
    assert resume(store, NOW).entries == "allowed"
