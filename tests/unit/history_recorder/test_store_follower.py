from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from services.common.clock import ManualClock, to_ms
from services.common.errors import TryLater
from services.common.history.port import Batch
from services.common.messages import SentimentSignal
from services.common.runtime.work import CallsInProgress
from services.common.store.holds import Hold
from services.common.store.keys import KEPT
from services.history_recorder.inbox import Inbox, merged
from services.history_recorder.store_follower import LOOK_SECONDS, SOON_SECONDS, StoreFollower
from tests.support.pipeline.cacher_fakes import FakeStore
from tests.support.pipeline.recorder_fakes import FakeHistory
from tests.support.store.store_samples import NOW, PAIR, make_signal


def at(seconds: float, article: str, pair: str = PAIR) -> SentimentSignal:
    return make_signal(article, pair=pair).model_copy(
        update={"available_at": NOW + timedelta(seconds=seconds)}
    )


class House:
    """A follower of a store in memory; what it hands over is written to a history in memory."""

    def __init__(self) -> None:
        self.store, self.history, self.stop = FakeStore(), FakeHistory(), threading.Event()
        self.store.holds.fields[KEPT] = "since"
        self.clock = ManualClock(NOW)
        self.restart()

    def restart(self) -> None:
        self.inbox = Inbox()
        self.follower = StoreFollower(
            *(self.store, [PAIR], self.clock, self.inbox, self.history.position),
            work=CallsInProgress(),
            patience=1.0,
        )

    def step(self) -> Batch:
        self.follower.step(self.stop)
        batch = merged(self.inbox.take())
        self.history.write(batch)
        return batch

    def recorded(self) -> list[str]:
        return [row.article_id for row in self.step().signals]


@pytest.fixture
def house() -> House:
    return House()


def test_signals_are_handed_over_once_and_all_of_the_store_after_a_restart(house: House) -> None:
    house.store.signals = [at(0, "a"), at(1, "b")]
    assert house.recorded() == ["a", "b"]
    assert house.recorded() == []
    house.store.signals.append(at(2, "c"))
    assert house.recorded() == ["c"]
    house.restart()
    house.store.signals.append(at(3, "d"))
    assert house.recorded() == ["a", "b", "c", "d"]  # the history knows all but d
    assert house.recorded() == []
    assert house.store.asked_from[-1] == {PAIR: to_ms(NOW + timedelta(seconds=3))}


def test_what_was_read_but_not_committed_is_read_again_after_a_restart(house: House) -> None:
    house.store.signals = [at(0, "a")]
    house.follower.step(house.stop)
    house.restart()
    assert house.recorded() == ["a"]


def test_signals_of_a_clock_that_was_set_back_are_recorded(house: House) -> None:
    house.store.signals = [at(0, "a"), at(1, "b")]
    house.step()
    house.clock.advance(-3600)
    house.store.signals.append(at(-3600, "earlier"))
    assert "earlier" in house.recorded()
    house.store.signals.append(at(-3599, "next"))
    assert "next" in house.recorded()


def test_signals_that_a_clock_that_was_set_back_stamped_while_the_recorder_was_off_are_recorded(
    house: House,
) -> None:
    house.store.signals = [at(0, "a")]
    house.step()
    house.store.signals.append(at(-3600, "earlier"))
    house.restart()
    assert "earlier" in house.recorded()


def test_pairs_that_are_only_announced_are_read_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.step()
    monkeypatch.setattr("services.history_recorder.store_follower.PAIRS_SECONDS", 0.0)
    house.restart()
    house.store.told = {"DOGE/USDT": None}
    house.store.signals = [at(0, "a", pair="DOGE/USDT")]
    assert house.recorded() == ["a"]


def test_holds_are_recorded_when_they_change_and_a_restart_repeats_none(house: House) -> None:
    assert house.step().holds == []
    house.store.holds.set(Hold("risk", "losses", NOW))
    assert [(row.owner, row.action) for row in house.step().holds] == [("risk", "set")]
    house.restart()
    assert house.step().holds == []
    house.store.holds.lift("risk")
    assert [(row.owner, row.action) for row in house.step().holds] == [("risk", "lifted")]
    assert json.loads(house.history.position("holds") or "") == {}


def test_each_change_of_a_hold_is_seen_later_than_the_one_before_even_if_the_clock_was_set_back(
    house: House,
) -> None:
    hold = Hold("risk", "losses", NOW)
    house.store.holds.set(hold)
    rows = [*house.step().holds]
    house.clock.advance(-3600)
    house.store.holds.lift("risk")
    rows += house.step().holds
    house.restart()
    house.store.holds.set(hold)
    rows += house.step().holds
    house.store.holds.lift("risk")
    rows += house.step().holds
    assert [row.action for row in rows] == ["set", "lifted", "set", "lifted"]
    assert len({row.seen for row in rows}) == 4
    assert rows == sorted(rows, key=lambda row: row.seen)
    house.clock.advance(7200)
    house.store.holds.set(hold)
    assert [row.seen for row in house.step().holds] == [house.clock.now()]


def test_a_store_that_is_away_changes_no_position(house: House) -> None:
    house.store.signals = [at(0, "a")]
    house.step()
    house.store.signals.append(at(1, "b"))
    house.store.failures.append(TryLater("away"))
    with pytest.raises(TryLater):
        house.step()
    assert house.recorded() == ["b"]


def test_signals_are_looked_for_more_often_after_an_article_was_scored(house: House) -> None:
    assert house.follower.step(house.stop) == LOOK_SECONDS
    house.follower.expect()
    assert house.follower.step(house.stop) == SOON_SECONDS


def test_what_does_not_fit_into_the_inbox_before_a_stop_counts_as_not_read(house: House) -> None:
    house.store.signals = [at(0, "a")]
    house.stop.set()
    house.follower.step(house.stop)
    house.stop.clear()
    assert house.recorded() == ["a"]
