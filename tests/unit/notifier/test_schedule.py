"""When a brief is due: in every zone, over changes of the clocks, late once, and never twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.history.notifying.rows import BriefKind
from services.notifier.schedule import Due, newest_due, to_be_sent

BERLIN, EIGHT = "Europe/Berlin", time(8)
DAILY, WEEKLY = BriefKind.DAILY, BriefKind.WEEKLY
ZONES = ("UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-30 06:59:59", date(2026, 11, 29)),
        ("2026-11-30 07:00:00", date(2026, 11, 30)),
        ("2026-11-30 23:30:00", date(2026, 11, 30)),
        ("2026-12-01 06:59:59", date(2026, 11, 30)),
    ],
)
def test_a_daily_brief_is_due_at_the_local_time(now: str, day: date) -> None:
    assert newest_due(DAILY, EIGHT, BERLIN, utc(now)).day == day


def test_a_brief_begins_where_the_one_before_it_was_due() -> None:
    due = newest_due(DAILY, EIGHT, BERLIN, utc("2026-11-30 09:00"))
    assert due == Due(DAILY, date(2026, 11, 30), utc("2026-11-29 07:00"), utc("2026-11-30 07:00"))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-29 06:59:59", date(2026, 11, 22)),
        ("2026-11-29 07:00:00", date(2026, 11, 29)),
        ("2026-12-02 12:00:00", date(2026, 11, 29)),
    ],
)
def test_a_weekly_brief_is_due_on_sunday(now: str, day: date) -> None:
    due = newest_due(WEEKLY, EIGHT, BERLIN, utc(now))
    assert (due.day, due.at - due.since) == (day, timedelta(days=7))


@pytest.mark.parametrize(
    ("day", "since", "at", "hours"),
    [
        ("2026-03-29", "2026-03-28 07:00", "2026-03-29 06:00", 23),  # the clocks are set forward
        ("2026-10-25", "2026-10-24 06:00", "2026-10-25 07:00", 25),  # and back
    ],
)
def test_the_day_of_a_change_of_the_clocks_is_shorter_or_longer(
    day: str, since: str, at: str, hours: int
) -> None:
    due = newest_due(DAILY, EIGHT, BERLIN, utc(at))
    assert due == Due(DAILY, date.fromisoformat(day), utc(since), utc(at))
    assert due.at - due.since == timedelta(hours=hours)


def test_a_time_that_the_clocks_leave_out_comes_once_all_the_same() -> None:
    """02:30 does not exist on 29 March 2026 in Berlin: the clocks go from 02:00 to 03:00, which is 01:00 UTC."""
    at = time(2, 30)
    assert newest_due(DAILY, at, BERLIN, utc("2026-03-29 01:29:59")).day == date(2026, 3, 28)
    assert newest_due(DAILY, at, BERLIN, utc("2026-03-29 01:30:00")).day == date(2026, 3, 29)


def test_a_time_that_comes_twice_is_meant_the_first_time() -> None:
    """02:30 is twice on 25 October 2026 in Berlin: at 00:30 and at 01:30 UTC."""
    at = time(2, 30)
    assert newest_due(DAILY, at, BERLIN, utc("2026-10-25 00:29:59")).day == date(2026, 10, 24)
    for now in ("2026-10-25 00:30:00", "2026-10-25 01:30:00"):
        assert newest_due(DAILY, at, BERLIN, utc(now)) == Due(
            DAILY, date(2026, 10, 25), utc("2026-10-24 00:30"), utc("2026-10-25 00:30")
        )


@given(
    kind=st.sampled_from(BriefKind),
    at=st.times(),
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_the_newest_brief_is_due_now_and_the_next_one_is_not(
    kind: BriefKind, at: time, zone: str, now: datetime
) -> None:
    due = newest_due(kind, at, zone, now)
    length = timedelta(days=1 if kind is DAILY else 7)
    assert due.at <= now < due.at + length + timedelta(hours=1)
    assert length - timedelta(hours=1) <= due.at - due.since <= length + timedelta(hours=1)
    assert newest_due(kind, at, zone, due.at) == due
    assert newest_due(kind, at, zone, due.at - timedelta(microseconds=1)).at == due.since


class Notifier:
    """Notes which briefs were sent, as the log does, by a clock that its caller sets."""

    def __init__(self, begun: str) -> None:
        self.begun = utc(begun)
        self.sent: list[tuple[BriefKind, date]] = []

    def look(self, now: str, kind: BriefKind = DAILY) -> bool:
        due = newest_due(kind, EIGHT, BERLIN, utc(now))
        is_sent = to_be_sent(due, lambda *made: made in self.sent, self.begun)
        if is_sent:
            self.sent.append((due.kind, due.day))
        return is_sent


def test_a_brief_is_sent_once_a_day() -> None:
    notifier = Notifier("2026-11-29 12:00")
    nows = [f"2026-{day} {hour:02}:00" for day in ("11-29", "11-30", "12-01") for hour in range(24)]
    assert [now for now in nows if notifier.look(now)] == ["2026-11-30 07:00", "2026-12-01 07:00"]


def test_one_that_was_missed_is_sent_late_once_and_older_ones_no_more() -> None:
    notifier = Notifier("2026-11-20 12:00")
    assert notifier.look("2026-11-21 07:00")
    assert notifier.look("2026-11-26 03:00")  # after days without a notifier
    assert not notifier.look("2026-11-26 03:01")
    assert notifier.sent[-1] == (DAILY, date(2026, 11, 25))
    assert notifier.look("2026-11-26 07:00")


def test_what_was_due_before_the_first_start_was_missed_by_nobody() -> None:
    notifier = Notifier("2026-12-02 12:00")  # a Wednesday
    assert not notifier.look("2026-12-02 12:00")
    assert notifier.look("2026-12-03 07:00")
    assert not notifier.look("2026-12-03 07:00", WEEKLY)
    assert notifier.look("2026-12-08 09:00", WEEKLY)  # missed on Sunday, the 6th


def test_a_clock_that_is_set_back_sends_nothing_twice() -> None:
    notifier = Notifier("2026-11-29 12:00")
    assert notifier.look("2026-11-30 07:00")
    assert not any(notifier.look(now) for now in ("2026-11-30 06:58", "2026-11-30 07:00", "2026-11-30 07:05"))


def test_a_clock_that_was_far_ahead_for_a_moment_holds_up_no_brief_of_the_days_between() -> None:
    notifier = Notifier("2026-11-29 12:00")
    assert notifier.look("2026-12-30 07:00")
    assert [notifier.look(f"2026-{day} 07:00") for day in ("11-30", "12-01", "12-29", "12-30")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_change_of_the_zone_sends_no_second_brief_of_the_same_day() -> None:
    made = {(DAILY, date(2026, 11, 30))}
    for zone in ZONES[:-1]:
        due = newest_due(DAILY, EIGHT, zone, utc("2026-11-30 14:00"))
        assert not to_be_sent(due, lambda *each: each in made, utc("2026-11-01 00:00"))
