from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from services.common.broker import batches
from services.common.broker.port import Delivery
from services.common.clock import ManualClock
from services.common.errors import StopProgram, TryLater
from services.common.history.open import open_reader
from services.common.history.port import Limits
from services.common.messages import NewsArticle, NewsScored
from services.common.settings.settings import Settings
from services.history_recorder.recorder import HistoryRecorder
from tests.support.pipeline.cacher_fakes import FakeBroker, FakeStore, FakeSubscription
from tests.support.pipeline.recorder_fakes import FakeHistory
from tests.support.store.store_samples import NOW

AWAY = TryLater("the history is full")


def delivery_of(body: bytes, token: str) -> Delivery:
    return Delivery("history_queue", body, token, {}, attempts=0, redelivered=False, token=token)


def article(id_: str) -> Delivery:
    news = NewsArticle(article_id=id_, source="s", title="t", link="", published=NOW, fetched_at=NOW)
    return delivery_of(news.encode(), id_)


SCORED = delivery_of(NewsScored(article_id="a", outcome="scored", scored_at=NOW).encode(), "scored")
BAD = delivery_of(b"not json", "bad")


class House:
    """A recorder between fakes."""

    def __init__(self, *received: list[Delivery], failures: tuple[Any, ...] = (), **settings: Any) -> None:
        self.stop = threading.Event()
        self.subscription = FakeSubscription(list(received), self.stop)
        self.broker, self.store = FakeBroker(self.subscription), FakeStore()
        self.history, self.failures = FakeHistory(), failures
        self.recorder = HistoryRecorder(
            Settings(**settings), self.broker, self.history, self.store, ManualClock(NOW)
        )

    def run(self) -> None:
        try:
            self.recorder.start()
            self.history.failures.extend(self.failures)
            self.recorder.run(self.stop)
        finally:
            self.recorder.close()

    def articles(self) -> list[str]:
        return [row.article_id for batch in self.history.batches for row in batch.articles]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batches, "FIRST_PAUSE_SECONDS", 0.001)


def test_a_batch_is_one_transaction_and_acknowledged_after_it() -> None:
    house = House([article("a"), SCORED, article("b")])
    acknowledged: list[int] = []
    house.history.on_write = lambda: acknowledged.append(len(house.subscription.happened("ack")))
    house.run()
    (batch,) = [each for each in house.history.batches if each.articles]
    assert [row.article_id for row in batch.articles] == ["a", "b"]
    assert [row.article_id for row in batch.scorings] == ["a"]
    assert acknowledged[0] == 0
    assert [each.token for each in house.subscription.happened("ack")[0]] == ["a", "scored", "b"]


def test_while_the_database_is_away_messages_are_kept_and_nothing_is_received() -> None:
    house = House([article("a")], [article("b")], failures=(AWAY, AWAY, AWAY))
    house.run()
    assert house.articles() == ["a", "b"]
    names = [name for name, _ in house.subscription.events]
    assert names == ["receive", "ack", "receive", "ack", "receive", "close"]


def test_messages_are_given_back_when_the_database_is_away_for_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "HOLD_SECONDS", 0.0)
    house = House([article("a")], [article("a")], failures=(AWAY, AWAY))
    house.run()
    names = [name for name, _ in house.subscription.events]
    assert names == ["receive", "close", "receive", "ack", "receive", "close"]


def test_what_cannot_be_read_is_dropped_and_the_rest_is_recorded() -> None:
    house = House([BAD, article("a")], [BAD])
    house.run()
    assert house.articles() == ["a"]
    assert [[each.token for each in one] for one in house.subscription.happened("ack")] == [
        ["bad", "a"],
        ["bad"],
    ]
    assert house.subscription.happened("dead_letter") == []


def test_a_database_that_refuses_for_good_ends_the_service_and_nothing_is_acknowledged() -> None:
    house = House([article("a")], failures=(StopProgram("no rights"),))
    with pytest.raises(StopProgram):
        house.run()
    assert house.subscription.happened("ack") == []


def test_stopping_while_the_database_is_away_gives_the_batch_back() -> None:
    house = House([article("a")], failures=(AWAY,) * 5)
    house.subscription.on_receive = house.stop.set
    house.run()
    assert [each.token for each in house.subscription.happened("release")[0]] == ["a"]
    assert house.articles() == []


def test_health_names_what_recording_needs_and_whether_a_bot_is_followed() -> None:
    house = House([article("a")])
    assert not house.recorder.health()["history"].ok
    house.run()
    health = house.recorder.health()
    assert health["history"].ok
    assert "FREQTRADE_WS_TOKEN" in health["freqtrade"].detail
    assert {name for name, part in health.items() if part.required} == {"broker", "history"}


def test_figures_that_were_not_measured_yet_are_no_failure(sqlite_history: Settings) -> None:
    recorder = HistoryRecorder(
        Settings(),
        FakeBroker(FakeSubscription([], threading.Event())),
        FakeHistory(),
        FakeStore(),
        ManualClock(NOW),
        reader=open_reader(sqlite_history),
    )
    health = recorder.health()
    recorder.close()
    assert [(health[name].ok, health[name].detail) for name in ("outcomes", "performance")] == [
        (True, "not measured yet"),
        (True, "not measured yet"),
    ]
    assert not health["redis"].ok


def test_a_history_that_is_away_is_opened_by_a_later_start() -> None:
    house = House()
    house.history.failures.append(AWAY)
    with pytest.raises(TryLater):
        house.recorder.start()
    assert house.broker.subscribed == []
    house.recorder.start()
    house.recorder.start()
    assert len(house.broker.subscribed) == 1
    house.recorder.close()
    assert (house.history.closed, house.store.closed, house.broker.closed) == (True, True, True)


def test_old_rows_are_removed_step_by_step_between_batches() -> None:
    house = House([], [], history_retention_days=30, history_max_mb=0)
    house.history.trims = [500, 20, 0]
    house.run()
    assert house.history.asked_to_trim == [(Limits(days=30.0, bytes=None), NOW)] * 3
