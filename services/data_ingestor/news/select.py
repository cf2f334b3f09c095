"""Decides which entries of a feed become articles. The functions are pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from services.common.messages import NewsArticle
from services.data_ingestor.news.port import Entry
from services.data_ingestor.news.relevance import is_relevant
from services.data_ingestor.news.seen.identity import identify


class Skip(StrEnum):
    """The reason why an entry is not published."""

    NO_TITLE = "no_title"
    KNOWN = "known"
    TOO_OLD = "too_old"
    IRRELEVANT = "irrelevant"
    UNDATED = "undated"
    TOO_MANY = "too_many"
    REFUSED = "refused"
    NO_ROOM = "no_room"
    WAITED_TOO_LONG = "waited_too_long"


NEVER_READ: Final = "never read"
"""The value that replaces a publication time if there is no record of the source."""
LONGEST_PAUSE = timedelta(hours=2)
"""After a longer pause, a new entry without a date may have been published at any time during the pause."""

Undated = datetime | Literal["never read"] | None


class Correction(StrEnum):
    """A kind of correction that is made in an article that is published."""

    NO_DATE = "no_date"
    NO_ZONE = "no_zone"
    FUTURE_DATE = "future_date"
    HIDDEN_TEXT = "hidden_text"


@dataclass(frozen=True, slots=True)
class Selection:
    """The result of selecting from one listing.

    Attributes:
        articles: the articles to publish, oldest first.
        dismissed: the ids of entries that need not be considered again.
        skipped: the number of entries that are not published, by reason.
        corrected: the number of corrections, by kind.
        lags: the durations from publication to fetch, for articles that state when they were published.
        is_news: whether there is an unknown entry, on any subject, that is not too old.
    """

    articles: tuple[NewsArticle, ...]
    dismissed: tuple[str, ...]
    skipped: Counter[Skip]
    corrected: Counter[Correction]
    lags: tuple[timedelta, ...] = ()
    is_news: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of skipped entries and of corrections, for the log."""
        return {str(key): count for key, count in (*self.skipped.items(), *self.corrected.items())}


def select(
    entries: Sequence[Entry],
    source: str,
    *,
    known: Collection[str],
    fetched_at: datetime,
    max_age: timedelta,
    weight: float = 1.0,
    owner: str = "",
    undated: Undated = None,
) -> Selection:
    """Select the entries to publish from a feed fetched at `fetched_at`.

    An entry is skipped for one of these reasons: it has no title, its id is in `known` or occurred earlier in the
    feed, it was published more than `max_age` ago, it has no date and its source was `NEVER_READ`, or it is not about
    crypto. In the last three cases the id of the entry is dismissed permanently. `undated` is the publication time of
    an entry without a date (see `date_of_undated`); if it is None, the time of fetching is used.
    """
    identified = identify(entries, source)
    untitled = sum(not entry.title for entry in entries)
    repeated = len(entries) - untitled - len(identified)
    skipped = Counter({Skip.NO_TITLE: untitled, Skip.KNOWN: repeated})
    corrected: Counter[Correction] = Counter()
    articles: list[NewsArticle] = []
    dismissed: list[str] = []
    lags: list[timedelta] = []
    is_news = False
    for identity, entry in identified.items():
        if identity in known:
            skipped[Skip.KNOWN] += 1
            continue
        published, correction = published_at(entry, fetched_at, undated)
        reason = _reason_to_dismiss(entry, fetched_at - published, max_age)
        if correction is Correction.NO_DATE and undated == NEVER_READ:
            reason = Skip.UNDATED
        is_news = is_news or reason not in {Skip.TOO_OLD, Skip.UNDATED}
        if reason:
            skipped[reason] += 1
            dismissed.append(identity)
            continue
        if correction:
            corrected[correction] += 1
        else:
            lags.append(fetched_at - published)
        if entry.hides_text:
            corrected[Correction.HIDDEN_TEXT] += 1
        articles.append(
            _article(identity, entry, source, published, fetched_at=fetched_at, weight=weight, owner=owner)
        )
    articles.sort(key=lambda article: (article.published, article.article_id))
    return Selection(tuple(articles), tuple(dismissed), +skipped, corrected, tuple(lags), is_news)


def fitting(selection: Selection, room: int) -> tuple[Selection, int]:
    """Return the newest articles for which there is room, and the number of articles left for a later poll.

    If any articles are left, corrections and lags are reported only by the poll that selects the last of them.
    """
    left = len(selection.articles) - room
    if left <= 0:
        return selection, 0
    skipped = selection.skipped + Counter({Skip.NO_ROOM: left})
    fitted = replace(
        selection, articles=selection.articles[left:], skipped=skipped, corrected=Counter(), lags=()
    )
    return fitted, left


def date_of_undated(last_read: datetime | None, now: datetime) -> Undated:
    """Return the assumed publication time of a new entry without a date in a feed that was last read at `last_read`.

    If the source is read regularly, this is the time at which the entry is first seen. After a pause it is the
    earliest possible time. If there is no record of the source, because the source is new or the record was lost, the
    age of all its entries is unknown and NEVER_READ is returned.
    """
    if last_read is None:
        return NEVER_READ
    return last_read if now - last_read > LONGEST_PAUSE else now


def published_at(
    entry: Entry, fetched_at: datetime, undated: Undated = None
) -> tuple[datetime, Correction | None]:
    """Return the publication time of an article, at most `fetched_at`, and the correction that was necessary.

    This is the stated time. If its time zone is unknown, the latest possible time is used, so that a guessed zone
    never makes an article too old. Without a date, `undated` or the time of fetching is used.
    """
    if entry.published is not None:
        future = entry.published > fetched_at
        return min(entry.published, fetched_at), Correction.FUTURE_DATE if future else None
    if entry.no_later_than is not None:
        return min(entry.no_later_than, fetched_at), Correction.NO_ZONE
    return min(undated, fetched_at) if isinstance(undated, datetime) else fetched_at, Correction.NO_DATE


def _reason_to_dismiss(entry: Entry, age: timedelta, max_age: timedelta) -> Skip | None:
    if age > max_age:
        return Skip.TOO_OLD
    if not is_relevant(entry.title, f"{entry.summary}\n{entry.content}"):
        return Skip.IRRELEVANT
    return None


def _article(
    identity: str,
    entry: Entry,
    source: str,
    published: datetime,
    *,
    fetched_at: datetime,
    weight: float,
    owner: str,
) -> NewsArticle:
    return NewsArticle(
        article_id=identity,
        source=source,
        title=entry.title,
        link=entry.link,
        summary=entry.summary,
        content=entry.content,
        published=published,
        fetched_at=fetched_at,
        weight=weight,
        owner=owner,
        hidden_text=entry.hides_text,
    )
