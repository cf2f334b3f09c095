from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.data_ingestor.news.habit import FAR_LONGER, Habit, freeze_limit, habit_of

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


def test_a_date_beyond_any_zone_does_not_count() -> None:
    assert habit_of([ago(-15), ago(1)], NOW) == Habit(ago(1))
    assert habit_of([ago(-15)], NOW) == Habit()


HOURLY = [ago(hours) for hours in range(20)]
DAY = 24


@pytest.mark.parametrize(
    "pinned", [[30 * DAY], [365 * DAY, 900 * DAY], [4 * DAY, 30 * DAY, 60 * DAY, 700 * DAY]]
)
@pytest.mark.parametrize("feed", [HOURLY, HOURLY[:5], HOURLY[:2], HOURLY[:1]], ids=len)
def test_old_posts_that_are_pinned_are_no_pause(feed: list[datetime], pinned: list[int]) -> None:
    pinned = pinned[: max(1, len(feed) // 4)]
    assert habit_of([*feed, *map(ago, pinned)], NOW).longest_pause <= HOUR


def test_a_new_post_in_front_of_old_ones_is_no_pause() -> None:
    old = [ago(10 * DAY + hours) for hours in range(20)]
    assert habit_of([NOW, *old], NOW).longest_pause == HOUR


@pytest.mark.parametrize("count", [3, 4, 10])
def test_a_feed_with_something_each_week_pauses_for_a_week(count: int) -> None:
    assert habit_of([ago(7 * DAY * week) for week in range(count)], NOW).longest_pause == 7 * DAY * HOUR


def test_a_weekend_is_a_pause_wherever_it_is() -> None:
    for position in range(1, 20):
        feed = [ago(hours + (60 if hours >= position else 0)) for hours in range(20)]
        assert habit_of(feed, NOW).longest_pause == 61 * HOUR


def test_no_feed_is_waited_for_longer_than_a_month() -> None:
    assert freeze_limit(Habit(NOW, timedelta(days=400)), 6 * HOUR) == timedelta(days=30)


def test_a_feed_that_pauses_over_weekends_is_given_three_weekends() -> None:
    assert freeze_limit(Habit(ago(1), 60 * HOUR), 6 * HOUR) == FAR_LONGER * 60 * HOUR
    assert freeze_limit(Habit(ago(1), HOUR), 6 * HOUR) == 6 * HOUR


@given(some.lists(some.none() | some.integers(-100, 10_000).map(lambda minutes: ago(minutes / 60))))
def test_the_order_of_entries_says_nothing(published: list[datetime | None]) -> None:
    habit = habit_of(published, NOW)
    assert habit == habit_of(list(reversed(published)), NOW)
    assert habit.longest_pause >= timedelta(0)
    assert habit.newest is None or habit.newest <= NOW
