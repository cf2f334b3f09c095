"""What `doctor` says of a feed."""

from __future__ import annotations

from datetime import timedelta

from services.data_ingestor.news.port import Entry, Listing
from services.operations.checks.feeds import describe
from tests.support.news.news_samples import NOW

HOUR = timedelta(hours=1)


def feed(*ages: timedelta | None) -> Listing:
    return Listing(tuple(Entry("Bitcoin", "", "", "", None if age is None else NOW - age) for age in ages))


def test_it_says_how_old_the_newest_article_is() -> None:
    assert describe(feed(2 * HOUR, HOUR / 2), NOW, 6 * HOUR, None) == (
        "answers with 2 entries, the newest of them 30 min old",
        True,
    )


def test_a_feed_that_has_had_nothing_new_for_too_long_is_not_well() -> None:
    found, well = describe(feed(8 * HOUR, 7.5 * HOUR), NOW, 6 * HOUR, None)
    assert "the newest of them 7 h 30 min old" in found
    assert not well


def test_a_feed_whose_articles_are_seen_late_is_not_well() -> None:
    found, well = describe(feed(HOUR), NOW, 6 * HOUR, 95 * timedelta(minutes=1))
    assert "seen 1 h 35 min after publication" in found
    assert not well
    assert describe(feed(HOUR), NOW, 6 * HOUR, HOUR / 2)[1]


def test_a_feed_without_dates_is_said_to_be_one_and_an_empty_one_is_not_well() -> None:
    found, well = describe(feed(None, None), NOW, 6 * HOUR, None)
    assert "none with a date that is understood" in found
    assert well
    assert describe(feed(), NOW, 6 * HOUR, None) == ("answers with 0 entries", False)
