from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from services.common.clock import ManualClock
from services.common.history.notifying.port import NotifierLog
from services.common.history.notifying.rows import NoticeState
from services.common.history.open import open_reader
from services.common.history.writing import open_notifier_log
from services.common.settings.settings import Settings
from services.notifier.delivery.outbox import Outbox
from services.notifier.happening import Importance, Kind
from services.notifier.notice import Notice
from services.notifier.rules.raised import URGENT_NOW, raised
from tests.support.notifier.samples import NOW, notice


class Told:
    """An outbox that raises what it is given, as the service does."""

    def __init__(self, log: NotifierLog, outbox: Outbox) -> None:
        self.log, self.outbox = log, outbox

    def accept(self, *notices: Notice) -> list[str]:
        return [each.event_key for each in self.outbox.accept(raised(notices, self.log))]


@pytest.fixture
def told(sqlite_history: Settings) -> Iterator[Told]:
    with (
        closing(open_notifier_log(sqlite_history)) as log,
        closing(open_reader(sqlite_history)) as reader,
    ):
        yield Told(log, Outbox(log, reader, ManualClock(NOW)))


@pytest.mark.parametrize("state", [NoticeState.DIGESTED, NoticeState.DROPPED, NoticeState.TOLD])
def test_a_story_that_becomes_urgent_is_told_once_more_whatever_became_of_it(
    told: Told, state: NoticeState
) -> None:
    mild, urgent = notice(), notice(importance=Importance.URGENT)
    assert told.accept(mild) == ["story:1"]
    told.outbox.settle([mild], state)
    assert told.accept(urgent) == ["story:1:urgent"]
    assert told.accept(urgent) == told.accept(mild) == []


def test_it_says_that_it_has_become_urgent(told: Told) -> None:
    told.accept(notice())
    (found,) = raised([notice(importance=Importance.URGENT)], told.log)
    assert found.message.lines[-1] == URGENT_NOW


def test_a_story_that_is_urgent_from_the_beginning_is_told_once(told: Told) -> None:
    urgent = notice(importance=Importance.URGENT)
    assert told.accept(urgent) == ["story:1"]
    assert told.accept(urgent) == told.accept(notice()) == []


def test_each_channel_is_told_for_itself(told: Told) -> None:
    told.accept(notice())
    found = told.accept(*(notice(importance=Importance.URGENT, channel=name) for name in ("phone", "mail")))
    assert found == ["story:1:urgent", "story:1"]


def test_what_is_no_story_is_told_once(told: Told) -> None:
    told.accept(notice("hold:1", kind=Kind.HOLD_SET))
    assert told.accept(notice("hold:1", Importance.URGENT, kind=Kind.HOLD_SET)) == []
