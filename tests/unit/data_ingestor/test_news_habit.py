from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from services.data_ingestor.news_habit import FAR_LONGER, Habit, habit_of, patience

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ago(hours: float) -> datetime:
    return NOW - hours * HOUR


def test_the_dates_of_a_feed_tell_its_newest_entry_and_its_longest_pause() -> None:
    assert habit_of([ago(9), ago(2), None, ago(3)], NOW) == Habit(ago(2), 6 * HOUR)


def test_a_feed_without_dates_has_no_habit() -> None:
    assert habit_of([None, None], NOW) == Habit(None, timedelta(0))


def test_a_date_to_come_counts_as_now() -> None:
    assert habit_of([ago(-5), ago(1)], NOW) == Habit(NOW, HOUR)


def test_a_feed_that_pauses_over_weekends_is_given_three_weekends() -> None:
    assert patience(Habit(ago(1), 60 * HOUR), 6 * HOUR) == FAR_LONGER * 60 * HOUR
    assert patience(Habit(ago(1), HOUR), 6 * HOUR) == 6 * HOUR


@given(some.lists(some.none() | some.integers(-100, 10_000).map(lambda minutes: ago(minutes / 60))))
def test_the_order_of_entries_says_nothing(published: list[datetime | None]) -> None:
    habit = habit_of(published, NOW)
    assert habit == habit_of(list(reversed(published)), NOW)
    assert habit.longest_pause >= timedelta(0)
    assert habit.newest is None or habit.newest <= NOW
