"""A history that does what it is asked for and whose answers get lost, as when the connection to PostgreSQL breaks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.errors import TryLater
from services.common.history.notifying.port import NotifierBatch, NotifierWritten
from services.common.history.notifying.rows import NoticeState
from services.common.history.port import Batch
from services.common.history.sql.notifying.log import SqlNotifierLog
from tests.support.history.history_samples import hold, trade
from tests.support.notifier.process import alerts, states, wait_until_settled
from tests.support.notifier.receiver import receiver
from tests.support.notifier.running import news, notifier_settings, notifying, recorded

RULES = "preset = 'everything'\n[channels.phone]\nper_minute = 5\ndigest_minutes = 0.001\n"
STORIES = 9


@pytest.fixture
def _half_of_the_answers_are_lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    write, chance = SqlNotifierLog.write, random.Random(7)

    def written(log: SqlNotifierLog, batch: NotifierBatch) -> NotifierWritten:
        answer = write(log, batch)
        if chance.random() < 0.5:
            raise TryLater("the connection was lost")
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(SqlNotifierLog, "write", written)
        patch.setattr("services.common.runtime.backoff.doubled", lambda *_: 0.01)
        yield


@pytest.mark.usefixtures("_half_of_the_answers_are_lost")
def test_answers_of_the_history_that_get_lost_lose_no_notice_and_send_none_twice(tmp_path: Path) -> None:
    with receiver() as phone:
        phone.plans = [503, 200, 503]
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        with recorded(settings) as history, notifying(settings):
            for number in range(1, STORIES + 1):
                history.write(news(number))
            now = datetime.now(UTC)
            history.write(Batch(trades=(trade(1, opened=now, updated=now),), holds=(hold(seen=now),)))
            found = wait_until_settled(settings, STORIES + 3)
    digests = [body for body in phone.bodies if "notice" in body["title"]]
    events = {event for event, _ in found if not event.startswith("digest")}
    stories = {f"story:article-{number}" for number in range(1, STORIES + 1)}
    assert events >= stories
    assert {event.partition(":")[0] for event in events} == {"story", "trade", "hold"}
    assert len(events) == STORIES + 2
    assert max(alerts(phone).values()) == 1
    listed = [line for body in digests for line in body["message"].splitlines() if line.startswith("- ")]
    assert states(found) == {
        NoticeState.TOLD: len(phone.bodies),
        NoticeState.DIGESTED: len(listed),
    }
    assert len(listed) == len(set(listed)) == STORIES + 2 - (len(phone.bodies) - len(digests))
