from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.common.clock import ManualClock
from services.common.errors import TryLater
from services.common.history.notifying.port import NotifierBatch, NotifierWritten
from services.common.history.notifying.rows import NoticeState
from services.common.history.open import open_reader
from services.common.history.sql.notifying.log import SqlNotifierLog
from services.common.history.writing import open_notifier_log
from services.common.settings.settings import Settings
from services.notifier.delivery.digest import digest
from services.notifier.delivery.outbox import Outbox
from services.notifier.message import Message
from tests.support.history.tables import with_tables
from tests.support.notifier.samples import NOW, notice

CLOCK = ManualClock(NOW)


@pytest.fixture
def outbox(sqlite_history: Settings) -> Iterator[Outbox]:
    log, reader = open_notifier_log(with_tables(sqlite_history)), open_reader(sqlite_history)
    yield Outbox(log, reader, ManualClock(NOW))
    reader.close()
    log.close()


def test_an_event_is_accepted_once_for_each_channel(outbox: Outbox) -> None:
    one, other = notice(), notice(channel="mail")
    assert outbox.accept([one]) == (one,)
    assert outbox.accept([one, other]) == (other,)


def test_a_notice_stands_in_the_outbox_together_with_its_position(outbox: Outbox) -> None:
    outbox.accept([notice()], NotifierBatch(cursors={"notifier:seq": "7"}))
    assert outbox._log.position("notifier:seq") == "7"
    assert outbox.unfinished() == [(notice(), NoticeState.WAITING)]


def test_only_one_of_two_notifiers_can_claim_a_notice(outbox: Outbox, sqlite_history: Settings) -> None:
    log, reader = open_notifier_log(with_tables(sqlite_history)), open_reader(sqlite_history)
    second = Outbox(log, reader, CLOCK)
    outbox.accept([notice()])
    assert [outbox.claim(notice()), second.claim(notice())] == [True, False]
    reader.close()
    log.close()


def test_a_notice_that_the_channel_did_not_take_is_claimed_again(outbox: Outbox) -> None:
    outbox.accept([notice()])
    assert outbox.claim(notice())
    outbox.settle([notice()], NoticeState.DELAYED, "429")
    assert outbox.unfinished() == [(notice(), NoticeState.DELAYED)]
    assert outbox.claim(notice())


@pytest.mark.parametrize(
    "state", [NoticeState.TOLD, NoticeState.DROPPED, NoticeState.DIGESTED, NoticeState.UNSURE]
)
def test_a_settled_notice_is_never_sent_again(outbox: Outbox, state: NoticeState) -> None:
    outbox.accept([notice()])
    outbox.settle([notice()], state)
    assert not outbox.claim(notice())
    assert outbox.accept([notice()]) == ()
    assert outbox.unfinished() == []


def test_what_is_left_is_told_by_one_digest_even_after_the_clock_was_set_back(
    sqlite_history: Settings,
) -> None:
    log, reader = open_notifier_log(with_tables(sqlite_history)), open_reader(sqlite_history)
    first = Outbox(log, reader, ManualClock(NOW))
    first.accept([notice("a"), notice("b")])
    first.settle([notice("a")], NoticeState.DIGESTED, "quiet")
    (left,) = first.left(["phone"])["phone"]
    assert left.notice == replace(notice("a"), message=Message("Title of a"))
    first.begin_digest(digest("phone", [left], NOW))
    assert first.left(["phone"])["phone"] == []
    second = Outbox(log, reader, ManualClock(NOW - timedelta(hours=1)))
    assert second.left(["phone"])["phone"] == []
    second.settle([notice("b")], NoticeState.DROPPED, "for an hour")
    assert [each.notice.event_key for each in second.left(["phone"])["phone"]] == ["b"]
    reader.close()
    log.close()


def test_notices_whose_write_was_not_answered_are_delivered_when_it_is_repeated(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = SqlNotifierLog.write

    def unanswered(log: SqlNotifierLog, batch: NotifierBatch) -> NotifierWritten:
        write(log, batch)
        raise TryLater("the connection was lost")

    outbox.accept([notice("told")])
    outbox.settle([notice("told")], NoticeState.TOLD)
    monkeypatch.setattr(SqlNotifierLog, "write", unanswered)
    with pytest.raises(TryLater):
        outbox.accept([notice("told"), notice("new")])
    monkeypatch.setattr(SqlNotifierLog, "write", write)
    again = outbox.accept([notice("told"), notice("new")])
    assert [each.event_key for each in again if outbox.claim(each)] == ["new"]
    assert outbox.accept([notice("told"), notice("new")]) == ()


def test_a_digest_that_was_begun_is_sent_after_a_restart(outbox: Outbox) -> None:
    outbox.accept([notice()])
    left = outbox.settle([notice()], NoticeState.UNSURE, "killed")
    made = digest("phone", left, NOW)
    outbox.begin_digest(made)
    assert outbox.unfinished() == [(made, NoticeState.WAITING)]


def test_a_digest_that_was_being_sent_when_the_notifier_was_killed_is_left_with_what_it_said(
    outbox: Outbox,
) -> None:
    outbox.accept([notice("a"), notice("b", channel="mail")])
    made = digest("phone", outbox.settle([notice("a")], NoticeState.DIGESTED, "quiet"), NOW)
    outbox.begin_digest(made)
    assert outbox.claim(made)
    outbox.settle([made], NoticeState.UNSURE, "killed")
    outbox.settle([notice("b", channel="mail")], NoticeState.DIGESTED, "quiet")
    (left,) = outbox.left(["phone"])["phone"]
    assert (left.notice, left.state) == (made, NoticeState.UNSURE)


def test_what_is_left_is_read_oldest_first(outbox: Outbox) -> None:
    notices = [notice(str(number)) for number in range(5)]
    outbox.accept(notices)
    outbox.settle(notices, NoticeState.DIGESTED, "quiet")
    assert [each.notice.event_key for each in outbox.left(["phone"])["phone"]] == list("01234")


def test_a_row_that_cannot_be_read_is_dropped_and_keeps_nobody_from_starting(outbox: Outbox) -> None:
    outbox.accept([notice("a")])
    row = outbox._log.unfinished()[0]
    damaged = replace(row, event_key="later", text='{"kind": "of a later release"}')
    outbox._log.write(NotifierBatch(notices=(damaged,)))
    assert [each.event_key for each, _ in outbox.unfinished()] == ["a"]
    assert outbox.left(["phone"])["phone"] == []
    assert [row.event_key for row in outbox._log.unfinished()] == ["a"]


def test_nothing_is_written_for_a_look_that_found_nothing(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(SqlNotifierLog, "write")
    assert outbox.accept([], NotifierBatch(briefs=[], price_alerts=[])) == ()
