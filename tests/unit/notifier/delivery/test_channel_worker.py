from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest
from prometheus_client import REGISTRY

from services.common.clock import ManualClock
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.history.notifying.rows import NoticeState
from services.common.history.open import open_reader
from services.common.history.writing import open_notifier_log
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.notifier.channels.port import Unsure
from services.notifier.delivery import queue
from services.notifier.delivery.outbox import Outbox
from services.notifier.delivery.worker import ChannelWorker
from services.notifier.happening import Importance
from services.notifier.notice import Notice
from services.notifier.rules.document import ChannelTable
from tests.support.notifier.samples import NOW, notice
from tests.support.waiting import eventually


@dataclass
class Phone:
    """A channel whose answers a test gives: an error that is raised, or None."""

    answers: list[Exception | None] = field(default_factory=list)
    always: Exception | None = None
    asked: list[Notice] = field(default_factory=list)
    name: str = "phone"

    def send(self, notice: Notice) -> None:
        self.asked.append(notice)
        error = self.answers.pop(0) if self.answers else self.always
        if error is not None:
            raise error

    def close(self) -> None:
        pass


@dataclass
class Running:
    """A worker with its outbox, and the notices that it passed on to another channel."""

    worker: ChannelWorker
    outbox: Outbox
    passed_on: list[str]

    def tell(self, *notices: Notice) -> None:
        self.worker.put(self.outbox.accept(notices))

    def states(self) -> dict[str, NoticeState]:
        return {row.event_key: row.state for row in self.outbox._reader.notices(limit=100).rows}

    def wait_for(self, **expected: NoticeState) -> None:
        eventually(lambda: expected.items() <= self.states().items(), lambda: str(self.states()))


Start = Callable[..., Running]


@pytest.fixture
def start(sqlite_history: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a worker of a channel; its pauses between attempts are short."""
    monkeypatch.setattr(queue, "FIRST_PAUSE_SECONDS", 0.01)
    running: list[ChannelWorker] = []
    with (
        closing(open_notifier_log(sqlite_history)) as log,
        closing(open_reader(sqlite_history)) as reader,
    ):

        def started(phone: Phone, *, allowed: Callable[[], None] = lambda: None, **table: object) -> Running:
            passed_on: list[str] = []
            outbox = Outbox(log, reader, ManualClock(NOW))
            worker = ChannelWorker(
                phone,
                ChannelTable(**table),
                outbox,
                ManualClock(NOW),
                CallsInProgress(),
                is_quiet=lambda: False,
                escalate=lambda _name, one: passed_on.append(one.event_key),
                allowed=allowed,
            )
            worker.start()
            running.append(worker)
            return Running(worker, outbox, passed_on)

        yield started
        for worker in running:
            worker.close()


def urgent(key: str) -> Notice:
    return notice(key, Importance.URGENT)


def is_up() -> float | None:
    return REGISTRY.get_sample_value("cryptoboy_channel_up", {"channel": "phone"})


def test_a_notice_that_the_channel_takes_is_told(start: Start) -> None:
    phone = Phone()
    running = start(phone)
    running.tell(notice("a"))
    running.wait_for(a=NoticeState.TOLD)
    assert phone.asked == [notice("a")]
    assert is_up() == 1


def test_a_notice_that_was_not_taken_is_sent_again(start: Start) -> None:
    phone = Phone([TryLater("busy"), TryLater("busy")])
    running = start(phone)
    running.tell(notice("a"))
    running.wait_for(a=NoticeState.TOLD)
    assert phone.asked == [notice("a")] * 3


def test_a_channel_that_never_answers_gets_a_digest_and_no_endless_row_of_them(start: Start) -> None:
    phone = Phone(always=Unsure("no answer"))
    running = start(phone, digest_minutes=0.001)
    running.tell(notice("a"))
    eventually(lambda: len(phone.asked) == 3, lambda: str(phone.asked))
    eventually(lambda: set(running.states().values()) == {NoticeState.UNSURE}, lambda: str(running.states()))
    running.tell(notice("b"))  # after which it has had time for more
    eventually(lambda: len(phone.asked) >= 5, lambda: str(phone.asked))
    titles = [one.message.title.partition(" from")[0] for one in phone.asked[:5]]
    assert titles == ["Title of a", "1 notice", "1 notice", "Title of b", "2 notices"]


def test_a_channel_that_never_answers_counts_as_failing_and_passes_urgent_notices_on(start: Start) -> None:
    phone = Phone(always=Unsure("no answer"))
    running = start(phone, escalate_to="mail", escalate_after_seconds=3600)
    running.tell(notice("a"), urgent("b"))
    eventually(lambda: running.passed_on[:1] == ["b"], lambda: str(running.passed_on))
    assert is_up() == 0
    assert "no answer" in running.worker.health().detail
    assert "a" not in running.passed_on


def test_a_channel_that_refuses_one_notice_works_and_one_that_refuses_all_fails(start: Start) -> None:
    phone = Phone([NeverWorks("400"), None])
    running = start(phone, escalate_to="mail", escalate_after_seconds=3600)
    running.tell(notice("a"))
    running.wait_for(a=NoticeState.DROPPED)
    assert is_up() == 1
    phone.answers, phone.always = [], NeverWorks("400")
    running.tell(notice("b"), urgent("c"))
    running.wait_for(b=NoticeState.DROPPED, c=NoticeState.DROPPED)
    eventually(lambda: running.passed_on == ["c"], lambda: str(running.passed_on))
    assert not running.worker.health().ok


def test_an_urgent_notice_is_passed_on_although_the_channel_is_left_alone_for_minutes(start: Start) -> None:
    phone = Phone(always=StopProgram("401"))
    running = start(phone, escalate_to="mail")
    running.tell(notice("a"))
    running.wait_for(a=NoticeState.DELAYED)
    running.tell(urgent("b"))
    eventually(lambda: running.passed_on == ["b"], lambda: str(running.passed_on))
    assert len(phone.asked) == 1


def test_an_error_that_is_no_reaction_ends_nothing(start: Start) -> None:
    phone = Phone([ValueError("odd")])
    running = start(phone)
    running.tell(notice("a"), notice("b"))
    running.wait_for(a=NoticeState.UNSURE, b=NoticeState.TOLD)
    running.worker.check()


def test_a_notifier_that_is_not_the_one_any_more_sends_nothing(start: Start) -> None:
    asked = threading.Event()

    def refuse() -> None:
        asked.set()
        raise StopProgram("another notifier has taken over")

    phone = Phone()
    running = start(phone, allowed=refuse)
    running.tell(notice("a"))
    assert asked.wait(30)

    def is_ended() -> bool:
        try:
            running.worker.check()
        except StopProgram:
            return True
        return False

    eventually(is_ended, "the thread has ended")
    assert phone.asked == []


@contextmanager
def unanswered(outbox: Outbox, monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[list[Notice]]:
    """Lets the first call of this method take effect without an answer."""
    method = getattr(outbox, name)
    lost: list[Notice] = []

    def call(one: Notice) -> object:
        result = method(one)
        if not lost:
            lost.append(one)
            raise TryLater("the connection was lost")
        return result

    with monkeypatch.context() as patch:
        patch.setattr(outbox, name, call)
        yield lost


def test_a_notice_whose_claim_was_not_answered_is_sent_once_although_an_urgent_one_came_between(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Phone()
    running = start(phone)
    with unanswered(running.outbox, monkeypatch, "claim") as lost:
        running.tell(notice("a"))
        eventually(lambda: bool(lost), "the first claim was lost")
        running.tell(urgent("b"))
        running.wait_for(a=NoticeState.TOLD, b=NoticeState.TOLD)
    assert sorted(one.event_key for one in phone.asked) == ["a", "b"]
