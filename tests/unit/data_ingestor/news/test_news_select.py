from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.messages import MAX_BODY_BYTES, NewsArticle, decode
from services.data_ingestor.news.port import MAX_CONTENT, MAX_SUMMARY, MAX_TITLE, Entry
from services.data_ingestor.news.seen.article_id import article_id
from services.data_ingestor.news.select import (
    LONGEST_PAUSE,
    NEVER_READ,
    Correction,
    Selection,
    Skip,
    date_of_undated,
    fitting,
    select,
)
from services.data_ingestor.news.text import plain_text
from tests.support.news.news_samples import NOW

DAYS_TWO = timedelta(hours=48)


def entry(
    number: int = 0, title: str = "Bitcoin climbs", published: datetime | None = NOW, link: str | None = None
) -> Entry:
    link = f"https://paper.example/{number}" if link is None else link
    return Entry(title, link, "A summary.", "", published)


def chosen(*entries: Entry, known: frozenset[str] = frozenset()) -> Selection:
    return select(entries, "paper", known=known, fetched_at=NOW, max_age=DAYS_TWO)


def test_a_new_relevant_entry_becomes_an_article() -> None:
    selection = chosen(entry())
    assert selection.articles == (
        NewsArticle(
            article_id=article_id("https://paper.example/0", "paper", "Bitcoin climbs"),
            source="paper",
            title="Bitcoin climbs",
            link="https://paper.example/0",
            summary="A summary.",
            content="",
            published=NOW,
            fetched_at=NOW,
        ),
    )
    assert not selection.skipped
    assert not selection.dismissed
    assert not selection.corrected


def test_an_article_carries_the_weight_of_its_source() -> None:
    selection = select([entry()], "paper", known=(), fetched_at=NOW, max_age=DAYS_TWO, weight=0.5)
    assert [article.weight for article in selection.articles] == [0.5]


def test_where_there_is_no_room_the_newest_are_noted_and_the_others_chosen_again_later() -> None:
    selection = chosen(*(entry(hour, published=NOW - timedelta(hours=hour)) for hour in range(5)))
    assert fitting(selection, 5) == (selection, 0)
    fitted, left = fitting(selection, 2)
    assert [article.published for article in fitted.articles] == [NOW - timedelta(hours=1), NOW]
    assert (left, fitted.skipped, fitted.lags) == (3, {Skip.NO_ROOM: 3}, ())
    assert fitting(selection, 0)[0].articles == ()


def test_an_article_carries_the_owner_of_its_source() -> None:
    selection = select([entry()], "paper", known=(), fetched_at=NOW, max_age=DAYS_TWO, owner="press-house")
    assert [article.owner for article in selection.articles] == ["press-house"]


def test_articles_are_published_oldest_first() -> None:
    times = [NOW - timedelta(hours=hours) for hours in (1, 3, 2)]
    selection = chosen(*(entry(number, published=time) for number, time in enumerate(times)))
    assert [article.published for article in selection.articles] == sorted(times)


def test_an_entry_without_a_title_is_skipped_but_not_dismissed() -> None:
    selection = chosen(entry(title=""))
    assert (selection.articles, selection.dismissed) == ((), ())
    assert selection.skipped == {Skip.NO_TITLE: 1}


def test_an_entry_without_a_link_is_published() -> None:
    (article,) = chosen(entry(link="")).articles
    assert article.link == ""
    assert article.article_id == article_id("", "paper", "Bitcoin climbs")


def test_the_identity_of_an_entry_without_a_link_is_that_of_the_title_as_the_feed_gives_it() -> None:
    cut = Entry("Bitcoin climbs", "", "", "", NOW, written_title="Bitcoin climbs - The Paper")
    (article,) = chosen(cut).articles
    assert article.title == "Bitcoin climbs"
    assert article.article_id == article_id("", "paper", "Bitcoin climbs - The Paper")


def test_a_publisher_does_not_make_an_article_one_about_crypto() -> None:
    cut = Entry("Airline shares slide", "", "", "", NOW, written_title="Airline shares slide - Bitcoin News")
    assert chosen(cut).skipped == {Skip.IRRELEVANT: 1}


def test_an_entry_without_a_date_counts_as_published_when_it_was_fetched() -> None:
    selection = chosen(entry(published=None))
    assert selection.articles[0].published == NOW
    assert selection.corrected == {Correction.NO_DATE: 1}


def test_an_entry_without_a_date_of_a_source_never_read_is_dismissed_and_not_the_others() -> None:
    dated, undated = entry(1), entry(2, published=None)
    zoneless = Entry("Bitcoin climbs", "https://paper.example/3", "", "", None, no_later_than=NOW)
    selection = select(
        [dated, undated, zoneless], "paper", known=(), fetched_at=NOW, max_age=DAYS_TWO, undated=NEVER_READ
    )
    assert {article.link[-1] for article in selection.articles} == {"1", "3"}
    assert selection.skipped == {Skip.UNDATED: 1}
    assert len(selection.dismissed) == 1


@pytest.mark.parametrize(
    ("ago", "published"),
    [
        (timedelta(minutes=5), NOW),
        (LONGEST_PAUSE, NOW),
        (timedelta(hours=9), NOW - timedelta(hours=9)),
        (timedelta(days=3), None),
    ],
)
def test_an_entry_without_a_date_is_as_old_as_it_may_be(ago: timedelta, published: datetime | None) -> None:
    undated = date_of_undated(NOW - ago, NOW)
    selection = select(
        [entry(published=None)], "paper", known=(), fetched_at=NOW, max_age=DAYS_TWO, undated=undated
    )
    assert [article.published for article in selection.articles] == ([published] if published else [])
    assert selection.skipped == ({} if published else {Skip.TOO_OLD: 1})
    assert date_of_undated(None, NOW) == NEVER_READ


def test_what_is_new_and_not_too_old_is_news_whatever_it_is_about() -> None:
    old = entry(1, published=NOW - timedelta(days=3))
    assert not chosen(old).is_news
    assert chosen(old, entry(2, title="A recipe for bread")).is_news
    assert chosen(entry()).is_news
    assert not chosen(entry(), known=frozenset({chosen(entry()).articles[0].article_id})).is_news


def test_a_date_whose_zone_is_not_known_counts_as_the_latest_that_it_can_mean_but_never_later_than_now() -> (
    None
):
    last_week = NOW - timedelta(days=7)
    ambiguous = [
        Entry("Bitcoin climbs", f"https://paper.example/{number}", "", "", None, no_later_than=latest)
        for number, latest in enumerate([NOW + timedelta(hours=10), NOW - timedelta(hours=10), last_week])
    ]
    selection = chosen(*ambiguous)
    assert [article.published for article in selection.articles] == [NOW - timedelta(hours=10), NOW]
    assert selection.corrected == {Correction.NO_ZONE: 2}
    assert selection.skipped == {Skip.TOO_OLD: 1}


def test_how_late_an_article_was_seen_is_known_of_those_that_say_when_they_were_published() -> None:
    selection = chosen(
        entry(1, published=NOW - timedelta(hours=3)),
        entry(2, published=None),
        entry(3, published=NOW + timedelta(hours=1)),
        Entry(
            "Bitcoin climbs", "https://paper.example/4", "", "", None, no_later_than=NOW - timedelta(hours=1)
        ),
        entry(5, title="A new recipe for bread"),
    )
    assert selection.lags == (timedelta(hours=3),)


def test_a_date_in_the_future_becomes_the_time_of_fetching() -> None:
    selection = chosen(entry(published=NOW + timedelta(days=900)))
    assert selection.articles[0].published == NOW
    assert selection.corrected == {Correction.FUTURE_DATE: 1}


def test_an_entry_that_is_too_old_is_dismissed() -> None:
    selection = chosen(
        entry(1, published=NOW - DAYS_TWO), entry(2, published=NOW - DAYS_TWO - timedelta(seconds=1))
    )
    assert [article.link for article in selection.articles] == ["https://paper.example/1"]
    assert selection.skipped == {Skip.TOO_OLD: 1}
    assert len(selection.dismissed) == 1


def test_an_entry_about_something_else_is_dismissed() -> None:
    selection = chosen(entry(title="A new recipe for bread"))
    assert selection.articles == ()
    assert selection.skipped == {Skip.IRRELEVANT: 1}
    assert selection.dismissed == (article_id("https://paper.example/0", "paper", ""),)


def test_a_known_entry_is_neither_published_nor_dismissed_again() -> None:
    (article,) = chosen(entry()).articles
    selection = chosen(entry(), known=frozenset({article.article_id}))
    assert (selection.articles, selection.dismissed) == ((), ())
    assert selection.skipped == {Skip.KNOWN: 1}


def test_an_entry_that_a_feed_lists_twice_is_published_once() -> None:
    selection = chosen(entry(), entry(link="http://www.paper.example/0/?utm_source=rss"))
    assert len(selection.articles) == 1
    assert selection.skipped == {Skip.KNOWN: 1}


texts = st.text(max_size=200)
dates = st.none() | st.datetimes(timezones=st.just(UTC))


@given(st.lists(st.builds(Entry, texts, texts, texts, texts, dates), max_size=8))
def test_every_entry_is_accounted_for_and_every_article_is_a_valid_message(entries: list[Entry]) -> None:
    cleaned = [
        Entry(
            plain_text(f"bitcoin {one.title}", 500) if one.title else "", "", one.summary, "", one.published
        )
        for one in entries
    ]
    selection = chosen(*cleaned)
    assert len(selection.articles) + sum(selection.skipped.values()) == len(entries)
    for article in selection.articles:
        assert decode(article.encode(), NewsArticle) == article


def test_the_largest_article_fits_into_a_message() -> None:
    # Four bytes a character is the most that UTF-8 takes; quotes and backslashes become two.
    for character in ("🚀", '"', "\\"):
        largest = Entry(
            ("bitcoin " + character * MAX_TITLE)[:MAX_TITLE],
            "https://paper.example/" + "x" * 1900,
            character * MAX_SUMMARY,
            character * MAX_CONTENT,
            None,
        )
        (article,) = chosen(largest).articles
        assert len(article.encode()) < MAX_BODY_BYTES / 2
