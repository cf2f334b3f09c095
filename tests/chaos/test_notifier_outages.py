"""What the notifier stands on is away for a while: nothing is lost, nothing comes twice, and nothing waits needlessly.

CHAOS_OUTAGE_SECONDS says how long; CONTRIBUTING names the command with a minute.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.common.clock import ManualClock
from services.common.errors import TryLater
from services.common.history.notifying.rows import NoticeState
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryWriter
from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.notifier.watching.briefs import BriefWatch
from services.notifier.watching.moods import CURSOR
from tests.support.history.history_samples import candle, trade
from tests.support.notifier.process import alerts, book, notifier_process, states, wait_until_settled
from tests.support.notifier.receiver import receiver
from tests.support.notifier.running import news, notifier_settings, notifying, recorded
from tests.support.servers.postgresql import PostgresServer
from tests.support.servers.servers import RedisServer
from tests.support.store.store_samples import make_signal
from tests.support.waiting import eventually

OUTAGE_SECONDS = float(os.environ.get("CHAOS_OUTAGE_SECONDS", "8"))
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300 + 2 * OUTAGE_SECONDS)]
RULES = "preset = 'everything'\n[channels.phone]\nper_minute = 600\nurgent_per_minute = 600\n"
SOON_SECONDS = 20.0
Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def sqlite(tmp_path: Path) -> tuple[str, Away]:
    """The address of a history in a file, and how nobody can write it."""
    file = tmp_path / "history.sqlite"

    @contextmanager
    def away() -> Iterator[None]:
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as blocker:
            blocker.execute("BEGIN IMMEDIATE")
            yield
            blocker.execute("ROLLBACK")

    return f"sqlite:///{file}", away


@pytest.fixture
def stopped(postgresql: PostgresServer, postgresql_history: Settings) -> tuple[str, Away]:
    """The address of a history on a real PostgreSQL, and how that is stopped."""

    @contextmanager
    def away() -> Iterator[None]:
        postgresql.control.stop()
        try:
            yield
        finally:
            postgresql.control.start()

    assert postgresql_history.history_url is not None
    return postgresql_history.history_url.get_secret_value(), away


def write(history: HistoryWriter, batch: Batch) -> None:
    """Write as the recorder does, which tries again."""

    def is_written() -> bool:
        try:
            history.write(batch)
        except TryLater:
            return False
        return True

    eventually(is_written, "the history can be written")


@pytest.mark.parametrize(
    ("kept", "in_flight"),
    [("sqlite", False), ("stopped", False), ("stopped", True)],
    ids=["sqlite", "postgresql", "postgresql-in-flight"],
)
def test_while_the_history_is_away_nothing_is_sent_that_could_not_be_noted_and_nothing_is_lost(
    kept: str, in_flight: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url, away = request.getfixturevalue(kept)
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES, HISTORY_URL=url)
        with recorded(settings) as history, notifier_process(settings, tmp_path / "log") as notifier:
            history.write(news(1))
            phone.wait(1)
            if in_flight:
                phone.hold.set()  # it has accepted the next one, and does not answer
            else:
                phone.always = 503
            history.write(news(2))
            phone.wait_asked(2)
            for number in range(3, 7):
                history.write(news(number))
            eventually(lambda: len(book(settings)) == 6, lambda: f"six are decided: {book(settings)}")
            with away():
                phone.hold.clear()  # that it was accepted cannot be noted
                eventually(
                    lambda: notifier.health()[1]["dependencies"]["history"]["status"] == "down",
                    lambda: f"its health says so: {notifier.health()}",
                )
                # An attempt that was noted just before the history went away has been refused by now.
                phone.always = 200
                time.sleep(OUTAGE_SECONDS)
                assert phone.titles == (["Title 1", "Title 2"] if in_flight else ["Title 1"])
            for number in range(7, 11):
                write(history, news(number))
            phone.wait(10)
            found = wait_until_settled(settings, 10, notifier.tail)
            eventually(lambda: notifier.health()[1]["dependencies"]["history"]["status"] == "ok")
    assert alerts(phone) == {f"Title {number}": 1 for number in range(1, 11)}
    assert states(found) == {NoticeState.TOLD: len(phone.bodies)}


def loss_of(minutes_ago: int) -> Batch:
    """A trade that was opened so long ago, and a candle by which it has lost four percent."""
    opened = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return Batch(
        trades=(trade(1, opened=opened, updated=datetime.now(UTC), open_rate=100.0),),
        candles=(candle(1, opened=datetime.now(UTC) - timedelta(minutes=1), close=96.0),),
    )


def signal(article_id: str, score: float) -> SentimentSignal:
    """A signal of now."""
    now = datetime.now(UTC)
    return make_signal(article_id, score=score, published=now, analyzed_at=now)


def moods(settings: Settings) -> str:
    """The moods that the notifier has noted, as JSON."""
    with closing(open_reader(settings)) as reader:
        return reader.position(CURSOR) or ""


def test_a_store_that_is_away_delays_nothing_that_is_not_in_it_and_its_mood_is_told_afterwards(
    redis_server: RedisServer, raw: Any, tmp_path: Path
) -> None:
    with receiver() as phone:
        usual = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        settings = usual.changed(**redis_server.settings(), redis_timeout=1.0)
        with (
            closing(open_store(settings)) as store,
            recorded(settings) as history,
            notifier_process(settings, tmp_path / "log") as notifier,
        ):
            eventually(lambda: notifier.health()[1]["dependencies"]["moods"]["status"] == "ok")
            store.write([signal("a1", 0.0)], datetime.now(UTC))
            eventually(lambda: "BTC/USDT" in moods(settings), "the first mood is noted")
            redis_server.control.stop()
            began = time.monotonic()
            eventually(lambda: notifier.health()[1]["dependencies"]["moods"]["status"] == "down")
            history.write(news(1))
            assert phone.wait(1) == ["Title 1"]
            write(history, loss_of(minutes_ago=120))
            written = time.monotonic()
            phone.wait(2)
            assert time.monotonic() - written < SOON_SECONDS
            time.sleep(max(0.0, began + OUTAGE_SECONDS - time.monotonic()))
            redis_server.control.start()
            store.write([signal("a2", 0.9)], datetime.now(UTC))
            phone.wait(3)
            found = wait_until_settled(settings, 3, notifier.tail)
    assert [row.kind for row in found.values()] == ["mood", "loss", "story"]  # the last one first
    assert len(phone.bodies) == len(found)


def begun(settings: Settings) -> str | None:
    """When the notifier looked for briefs for the first time."""
    with closing(open_reader(settings)) as reader:
        return reader.position("notifier:briefs")


def test_a_brief_is_made_while_the_store_is_away_and_without_any_data_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BriefWatch, "seconds", 0.05)
    clock = ManualClock(datetime(2026, 11, 30, 7, 59, 59, tzinfo=UTC))
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", "preset = 'quiet'")
        with recorded(settings), notifying(settings, clock=clock):
            eventually(lambda: begun(settings), "the first look for briefs")
            clock.advance(1)
            assert phone.wait(1) == ["Daily brief"]
    assert "Nothing was recorded" in phone.bodies[0]["message"]
