from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.data_ingestor.news.frozen import ASK_AGAIN, FeedFreshness

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def listed(*published: datetime | None) -> dict[str, datetime | None]:
    return {str(number): moment for number, moment in enumerate(published)}


def sample(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"source": "still"}) or 0.0


@pytest.fixture
def feed() -> FeedFreshness:
    return FeedFreshness("still", 6 * HOUR, NOON)


def test_a_feed_that_has_nothing_new_is_counted_told_once_and_told_when_over(feed: FeedFreshness) -> None:
    before = sample("cryptoboy_source_freezes_total")
    feed.read(listed(NOON, NOON - HOUR), NOON, news=True)
    with capture_logs() as logs:
        assert feed.answered(NOON + 6 * HOUR) == ""
        assert "nothing new since 2026-11-21T12:00:00+00:00, for 7 hours" in feed.answered(NOON + 7 * HOUR)
        feed.answered(NOON + 8 * HOUR)
        assert sample("cryptoboy_source_frozen") == 1
        feed.read({"new": NOON + 8 * HOUR}, NOON + 8 * HOUR, news=True)
        assert feed.answered(NOON + 8 * HOUR) == ""
    assert [entry["event"] for entry in logs] == ["feed_frozen", "feed_flows_again"]
    assert sample("cryptoboy_source_freezes_total") == before + 1
    assert sample("cryptoboy_source_frozen") == 0


def test_the_newest_article_is_as_old_as_it_says_whenever_it_is_read(feed: FeedFreshness) -> None:
    newest = "cryptoboy_source_newest_timestamp_seconds"
    feed.read({"a": NOON - 3 * HOUR, "b": NOON - 2 * HOUR, "c": None, "d": NOON + HOUR}, NOON, news=True)
    assert sample(newest) == (NOON - 2 * HOUR).timestamp()
    feed.read({"b": NOON - 2 * HOUR, "e": NOON - HOUR}, NOON + 5 * HOUR, news=True)
    assert sample(newest) == (NOON - HOUR).timestamp()
    feed.read(listed(None), NOON + 6 * HOUR, news=True)
    assert sample(newest) == (NOON - HOUR).timestamp()


def test_a_frozen_feed_is_asked_for_past_caches_at_once_and_then_now_and_again(feed: FeedFreshness) -> None:
    feed.read(listed(NOON), NOON, news=True)
    late = NOON + 7 * HOUR
    assert not feed.ask_past_caches(late)
    feed.answered(late)
    assert feed.ask_past_caches(late)
    assert not feed.ask_past_caches(late + ASK_AGAIN / 2)
    assert feed.ask_past_caches(late + ASK_AGAIN)


def test_a_feed_whose_newest_entry_is_old_when_first_read_is_frozen(feed: FeedFreshness) -> None:
    feed.read(listed(NOON - 48 * HOUR, NOON - 49 * HOUR), NOON, news=True)
    assert feed.answered(NOON)


def test_a_feed_that_pauses_as_long_as_it_used_to_is_not(feed: FeedFreshness) -> None:
    feed.read(listed(NOON - 48 * HOUR, NOON - 70 * HOUR), NOON, news=True)
    assert not feed.answered(NOON)


def test_a_feed_without_dates_is_watched_by_what_comes(feed: FeedFreshness) -> None:
    feed.read(listed(None), NOON, news=True)
    feed.read(listed(None), NOON + 5 * HOUR, news=True)
    assert not feed.answered(NOON + 11 * HOUR)
    assert feed.answered(NOON + 12 * HOUR)


def test_an_entry_with_an_old_date_that_was_not_there_before_is_news(feed: FeedFreshness) -> None:
    feed.read(listed(NOON - HOUR), NOON, news=True)
    feed.read(listed(NOON - HOUR, NOON - HOUR), NOON + 6 * HOUR, news=True)
    assert not feed.answered(NOON + 11 * HOUR)
    feed.read(listed(NOON - HOUR), NOON + 13 * HOUR, news=False)
    assert feed.answered(NOON + 13 * HOUR)


def test_an_entry_that_is_dated_anew_at_each_poll_keeps_the_date_that_it_first_had(
    feed: FeedFreshness,
) -> None:
    for hours in range(0, 12, 2):
        now = NOON + hours * HOUR
        feed.read({"pinned": now, "a": NOON - HOUR, "b": NOON - 2 * HOUR}, now, news=hours == 0)
        assert bool(feed.answered(now)) is (hours > 6)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), HOUR, timedelta(days=2), timedelta(days=900)])
def test_an_entry_dated_ahead_of_its_time_is_no_news_for_ever(feed: FeedFreshness, ahead: timedelta) -> None:
    for hours in (0, 7):
        now = NOON + hours * HOUR
        feed.read({"pinned": NOON + ahead, "a": NOON - HOUR}, now, news=hours == 0)
        assert bool(feed.answered(now)) is (hours == 7)
