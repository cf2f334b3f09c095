"""What the notifier keeps in the history, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.history.notifying.port import NotifierBatch, NotifierLog, NotifierWritten
from services.common.history.notifying.rows import BriefKind, Lease, MuteKind, NoticeState
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader, Limits
from services.common.history.queries import Page
from services.common.history.sql.engine import writable
from services.common.history.sql.migrate import MIGRATIONS
from services.common.history.writing import open_history, open_notifier_log
from services.common.settings.history import url_of
from services.common.settings.settings import Settings
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, at
from tests.support.history.tables import with_tables
from tests.support.processes import Program

TOLD, SENDING, WAITING, DELAYED, DROPPED = (
    NoticeState.TOLD,
    NoticeState.SENDING,
    NoticeState.WAITING,
    NoticeState.DELAYED,
    NoticeState.DROPPED,
)
EVERYTHING = NotifierBatch(
    notices=[some.notice(1), some.notice(2, state=TOLD, details={"buttons": ["why"]})],
    briefs=[some.brief(1), some.brief(1, kind=BriefKind.WEEKLY)],
    price_alerts=[some.price_alert(1), some.price_alert(2)],
    mutes=[some.mute(1), some.mute(2, what=MuteKind.ALL, value="")],
    controls=[some.control(1), some.control(2)],
    cursors={"notifier:events": "17"},
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(f"{request.param}_history")
    return found


@pytest.fixture
def log(settings: Settings) -> Iterator[NotifierLog]:
    with closing(open_notifier_log(with_tables(settings))) as opened:
        opened.check()
        yield opened


@pytest.fixture
def reader(settings: Settings) -> Iterator[HistoryReader]:
    with closing(open_reader(settings)) as opened:
        yield opened


def test_nothing_is_kept_before_a_notifier_has_written(reader: HistoryReader) -> None:
    assert (reader.notices(), reader.briefs(), reader.controls()) == (Page(), Page(), Page())
    assert (reader.price_alerts(), reader.mutes(NOW), reader.brief(BriefKind.DAILY, NOW.date())) == (
        (),
        (),
        None,
    )


def test_all_that_is_written_is_read_back(log: NotifierLog, reader: HistoryReader) -> None:
    written = log.write(EVERYTHING)
    assert written == NotifierWritten(tuple(EVERYTHING.notices), tuple(EVERYTHING.briefs))
    assert reader.notices().rows == tuple(reversed(EVERYTHING.notices))
    assert reader.briefs().rows == tuple(reversed(EVERYTHING.briefs))
    assert reader.brief(BriefKind.WEEKLY, at(86_400).date()) == EVERYTHING.briefs[1]
    assert reader.price_alerts() == tuple(EVERYTHING.price_alerts)
    assert reader.mutes(NOW) == tuple(EVERYTHING.mutes)
    assert reader.controls().rows == tuple(reversed(EVERYTHING.controls))
    assert log.position("notifier:events") == reader.position("notifier:events") == "17"
    assert log.notices_by_key(["story:2", "story:3"]) == {("story:2", "telegram"): EVERYTHING.notices[1]}
    assert log.unfinished() == [EVERYTHING.notices[0]]


def test_the_same_batch_again_changes_nothing(log: NotifierLog, reader: HistoryReader) -> None:
    log.write(EVERYTHING)
    before = reader.counts()
    assert log.write(EVERYTHING) == NotifierWritten()
    assert reader.counts() == before


@pytest.mark.parametrize("final", [TOLD, DROPPED, NoticeState.DIGESTED, NoticeState.UNSURE])
def test_a_notice_that_is_told_or_dropped_stays_so(
    log: NotifierLog, reader: HistoryReader, final: NoticeState
) -> None:
    log.write(NotifierBatch(notices=[some.notice(state=final)]))
    for state in NoticeState:
        log.write(NotifierBatch(notices=[some.notice(state=state, at=at(9), text="another")]))
    assert reader.notices().rows == (some.notice(state=final),)


def test_a_notice_goes_from_state_to_state_but_never_back_to_waiting(log: NotifierLog) -> None:
    states = [WAITING, SENDING, WAITING, DELAYED, WAITING, SENDING, TOLD, WAITING]
    taken = [bool(log.write(NotifierBatch(notices=[some.notice(state=each)])).notices) for each in states]
    assert taken == [True, True, False, True, False, True, True, False]


def test_a_notice_is_claimed_once(log: NotifierLog) -> None:
    claim = NotifierBatch(notices=[some.notice(state=SENDING)])
    assert [len(log.write(claim).notices) for _ in range(2)] == [1, 0]


def test_a_notice_keeps_the_instant_at_which_it_was_decided(log: NotifierLog) -> None:
    log.write(NotifierBatch(notices=[some.notice()]))
    log.write(NotifierBatch(notices=[some.notice(state=SENDING, made=at(9), at=at(9))]))
    assert log.unfinished() == [some.notice(state=SENDING, at=at(9))]


def test_a_notice_is_told_once_for_each_channel(log: NotifierLog) -> None:
    log.write(NotifierBatch(notices=[some.notice(state=TOLD), some.notice(channel="mail")]))
    found = log.notices_by_key(["story:1"])
    assert {channel: row.state for (_, channel), row in found.items()} == {"telegram": TOLD, "mail": WAITING}


def test_of_a_notice_that_is_twice_in_a_batch_the_last_state_counts(log: NotifierLog) -> None:
    sending = some.notice(state=SENDING)
    assert log.write(NotifierBatch(notices=[some.notice(), sending])).notices == (sending,)
    assert log.unfinished() == [sending]


def test_what_is_unfinished_is_found_again_oldest_first(log: NotifierLog) -> None:
    rows = [
        some.notice(3),
        some.notice(1, state=SENDING),
        some.notice(2, state=DELAYED),
        some.notice(4, state=TOLD),
    ]
    log.write(NotifierBatch(notices=rows))
    assert [each.event_key for each in log.unfinished()] == ["story:1", "story:2", "story:3"]


def test_notices_are_listed_by_state_and_time(log: NotifierLog, reader: HistoryReader) -> None:
    rows = [some.notice(number, state=(TOLD, DROPPED, SENDING)[number % 3]) for number in range(9)]
    log.write(NotifierBatch(notices=rows))
    found = reader.notices(states=[TOLD, DROPPED], since=at(1), until=at(7)).rows
    assert [each.event_key for each in found] == [f"story:{number}" for number in (6, 4, 3, 1)]
    first = reader.notices(limit=5)
    second = reader.notices(limit=5, after=first.next)
    assert first.rows + second.rows == tuple(reversed(rows))
    with pytest.raises(NeverWorks):
        reader.briefs(after=first.next)


def test_the_first_brief_of_a_day_stays(log: NotifierLog, reader: HistoryReader) -> None:
    log.write(NotifierBatch(briefs=[some.brief()]))
    assert log.write(NotifierBatch(briefs=[some.brief(text="later", at=at(9))])).briefs == ()
    assert [each.text for each in reader.briefs(kind=BriefKind.DAILY).rows] == ["Nothing was recorded."]
    assert reader.briefs(kind=BriefKind.WEEKLY).rows == ()
    assert reader.brief(BriefKind.DAILY, date(2020, 1, 1)) is None


def test_a_price_alert_is_told_once(log: NotifierLog, reader: HistoryReader) -> None:
    told = some.price_alert(told_at=at(60))
    log.write(NotifierBatch(price_alerts=[some.price_alert(), some.price_alert(2)]))
    log.write(NotifierBatch(price_alerts=[told]))
    log.write(NotifierBatch(price_alerts=[some.price_alert(), replace(told, told_at=at(90))]))
    assert reader.price_alerts() == (some.price_alert(2),)
    assert reader.price_alerts(is_open=False) == (told,)


def test_an_open_price_alert_can_be_removed_and_one_that_was_told_stays(
    log: NotifierLog, reader: HistoryReader
) -> None:
    log.write(NotifierBatch(price_alerts=[some.price_alert(1), some.price_alert(2, told_at=at(9))]))
    assert [log.remove_price_alert(f"{number:08x}") for number in (1, 1, 2)] == [True, False, False]
    assert (len(reader.price_alerts()), len(reader.price_alerts(is_open=False))) == (0, 1)


def test_a_mute_is_in_force_until_its_end_and_the_one_written_last_counts(
    log: NotifierLog, reader: HistoryReader
) -> None:
    log.write(NotifierBatch(mutes=[some.mute(1)]))
    longer, earlier = some.mute(1, at=at(5), until=at(9000)), some.mute(1, at=at(0), until=at(99_000))
    log.write(NotifierBatch(mutes=[longer]))
    log.write(NotifierBatch(mutes=[earlier]))
    assert reader.mutes(at(8999)) == (longer,)
    assert reader.mutes(at(9000)) == ()


def test_a_mute_can_be_removed(log: NotifierLog, reader: HistoryReader) -> None:
    log.write(NotifierBatch(mutes=[some.mute(1), some.mute(2)]))
    assert [log.remove_mute(MuteKind.SOURCE, "Wire 1"), log.remove_mute(MuteKind.PAIR, "Wire 2")] == [
        True,
        False,
    ]
    assert reader.mutes(NOW) == (some.mute(2),)


def test_one_holder_has_the_lease_until_it_ends_or_is_released(log: NotifierLog) -> None:
    assert log.take_lease("one", NOW, at(30)) == Lease("one", at(30))
    assert log.take_lease("two", at(29), at(60)) == Lease("one", at(30))
    assert log.take_lease("one", at(29), at(60)) == Lease("one", at(60))
    assert log.take_lease("two", at(60), at(90)) == Lease("two", at(90))
    log.release_lease("one")
    assert log.take_lease("one", at(61), at(99)) == Lease("two", at(90))
    log.release_lease("two")
    assert log.take_lease("one", at(61), at(99)) == Lease("one", at(99))


def test_a_lease_that_is_still_the_same_is_taken_over_and_a_renewed_one_is_not(log: NotifierLog) -> None:
    """The clocks of two machines differ, so the other one watches whether the lease is renewed."""
    seen = log.take_lease("one", NOW, at(30))
    renewed = log.take_lease("one", at(5), at(35))
    assert log.take_lease("two", at(6), at(36), instead_of=seen) == renewed
    assert log.take_lease("two", at(6), at(36), instead_of=renewed) == Lease("two", at(36))


def test_hostile_texts_are_stored_as_they_are(log: NotifierLog, reader: HistoryReader) -> None:
    text = "'; DROP TABLE notifications; --\n<b>& \U0001f600 \udcff\0"
    log.write(NotifierBatch(notices=[some.notice(event_key=text, text=text)]))
    (found,) = reader.notices().rows
    assert found.text == found.event_key == "'; DROP TABLE notifications; --\n<b>& \U0001f600 ?"
    assert log.notices_by_key([text]).keys() == {(found.event_key, "telegram")}


def test_old_rows_are_removed_but_not_what_is_still_open(
    settings: Settings, log: NotifierLog, reader: HistoryReader
) -> None:
    log.write(EVERYTHING)
    log.write(NotifierBatch(price_alerts=[some.price_alert(2, told_at=at(60))]))
    with closing(open_history(settings)) as recorder:
        while recorder.trim(Limits(days=1), NOW + timedelta(days=30)):
            pass
    assert (reader.notices(), reader.briefs(), reader.controls(), reader.mutes(NOW)) == (
        Page(),
        Page(),
        Page(),
        (),
    )
    assert reader.price_alerts() == (some.price_alert(1),)
    assert reader.price_alerts(is_open=False) == ()


def test_what_was_told_is_known_until_the_brief_of_a_week_is_not_due_any_more(
    settings: Settings, log: NotifierLog, reader: HistoryReader
) -> None:
    log.write(EVERYTHING)
    with closing(open_history(settings)) as recorder:
        while recorder.trim(Limits(days=1), NOW + timedelta(days=7)):
            pass
    assert (len(reader.notices().rows), len(reader.briefs().rows)) == (
        len(EVERYTHING.notices),
        len(EVERYTHING.briefs),
    )
    assert reader.controls() == Page()


def test_a_history_over_its_size_loses_old_notices_also_with_alerts_that_are_open(
    settings: Settings, log: NotifierLog, reader: HistoryReader
) -> None:
    rows = [some.notice(number, text="x" * 20_000, state=TOLD) for number in range(100)]
    log.write(
        NotifierBatch(notices=rows, price_alerts=[some.price_alert(), some.price_alert(2, told_at=at(200))])
    )
    with closing(open_history(settings)) as recorder:
        limits = Limits(bytes=recorder.size() - 1_000_000)
        while recorder.trim(limits, NOW):
            pass
    assert reader.notices() == Page()
    assert reader.price_alerts() == (some.price_alert(),)
    with closing(open_history(settings)) as recorder:
        while recorder.trim(Limits(bytes=1), NOW):
            pass
    assert (reader.price_alerts(), reader.price_alerts(is_open=False)) == ((some.price_alert(),), ())


def test_a_history_of_the_first_version_keeps_its_rows_and_gets_the_tables(settings: Settings) -> None:
    database = writable(url_of(settings.history_url, settings.state_dir))
    with database.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO cursors VALUES ('signals:BTC/USDT', '9')")
    database.engine.dispose()
    with closing(open_notifier_log(settings)) as log, closing(open_history(settings)) as recorder:
        assert log.write(EVERYTHING).notices
        assert recorder.position("signals:BTC/USDT") == "9"


def test_a_history_scored_of_an_archive_has_no_notifier(settings: Settings) -> None:
    with closing(open_history(settings, scored=True)) as writer:
        writer.check()
    with closing(open_notifier_log(settings)) as log, pytest.raises(StopProgram, match="archive"):
        log.write(EVERYTHING)
    assert not log.health().ok


WRITE_NOTICES = """
import sys
from tests.contract.test_notifier_log_contract import write_notices
write_notices(sys.argv[1])
"""
NOTICES = 40
PAUSE_SECONDS = 0.005
"""SQLite does not queue its writers, so two that never pause may keep each other waiting for seconds."""


def write_notices(state_dir: str) -> None:
    """What the second process does: two transactions for each notice, with hardly a pause."""
    settings = Settings(state_dir=Path(state_dir))
    with closing(open_notifier_log(settings)) as log:
        for number in range(NOTICES):
            _write(
                log, NotifierBatch(notices=[some.notice(number)], cursors={"notifier:events": str(number)})
            )
            _write(log, NotifierBatch(notices=[some.notice(number, state=TOLD)]))


def _write(log: NotifierLog, batch: NotifierBatch) -> None:
    while True:
        try:
            log.write(batch)
        except TryLater:
            continue
        time.sleep(PAUSE_SECONDS)
        return


def test_the_recorder_writes_every_batch_while_a_notifier_writes_the_same_file(
    sqlite_history: Settings,
) -> None:
    program = [sys.executable, "-c", WRITE_NOTICES, str(sqlite_history.state_dir)]
    with closing(open_history(sqlite_history)) as recorder, closing(open_reader(sqlite_history)) as reader:
        recorder.check()
        batches = 0
        with Program(program, text=True) as notifier:
            while notifier.poll() is None:
                recorder.write(Batch(articles=[some.article(batches)], cursors={"articles": str(batches)}))
                batches += 1
        assert notifier.returncode == 0
        assert (reader.counts()["articles"], reader.counts()["notifications"]) == (batches, NOTICES)
        assert {row.state for row in reader.notices(limit=1000).rows} == {TOLD}
        assert (reader.position("articles"), reader.position("notifier:events")) == (
            str(batches - 1),
            str(NOTICES - 1),
        )


def test_a_notifier_that_cannot_write_says_so_and_writes_afterwards(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.common.history.sql.engine.BUSY_SECONDS", 0.2)
    with closing(open_notifier_log(settings)) as log:
        log.check()
        another = writable(url_of(settings.history_url, settings.state_dir))
        with another.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("LOCK TABLE notifications IN EXCLUSIVE MODE")
            with pytest.raises(TryLater):
                log.write(EVERYTHING)
            assert not log.health().ok
        another.engine.dispose()
        assert log.write(EVERYTHING).notices
        assert log.health().ok
