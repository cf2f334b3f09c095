"""Which entries of a feed become articles: pure decisions on values."""

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
    """Why an entry is not published."""

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
"""For a source without any record."""
LONGEST_PAUSE = timedelta(hours=2)
"""After a longer pause, a new entry without a date may have been published at any time during the pause."""

Undated = datetime | Literal["never read"] | None


class Correction(StrEnum):
    """What was corrected in an article that is published."""

    NO_DATE = "no_date"
    NO_ZONE = "no_zone"
    FUTURE_DATE = "future_date"
    HIDDEN_TEXT = "hidden_text"


@dataclass(frozen=True, slots=True)
class Selection:
    """The result of selecting from one listing.

    Attributes:
        articles: to be published, oldest first.
        dismissed: ids of entries that need not be considered again.
        skipped: entries not published, by reason.
        corrected: corrections made, by kind.
        lags: time from publication to fetch, for the articles that state when they were published.
        is_news: whether there is an unknown entry that is not too old, on any subject.
    """

    articles: tuple[NewsArticle, ...]
    dismissed: tuple[str, ...]
    skipped: Counter[Skip]
    corrected: Counter[Correction]
    lags: tuple[timedelta, ...] = ()
    is_news: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """What was skipped and corrected, for the log."""
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

    An entry is skipped if it has no title, if its id is in `known` or occurred earlier in the feed, if it was published
    more than `max_age` ago, if it has no date and its source was `NEVER_READ`, or if it is not about crypto. In the
    last three cases it is dismissed for good. `undated` is the publication time of an entry without a date, see
    `date_of_undated`; None: the time of fetching.
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
    """The newest articles of a selection for which there is room, and the number of those left for a later poll.

    If any are left, corrections and lags are reported by the poll that selects the last of them.
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
    """The publication time assumed for a new entry without a date, in a feed that was last read at `last_read`.

    The time it is first seen, if the source is read regularly. After a pause, the earliest possible time. If there is
    no record of the source (it is new, or the record was lost), all its entries are new to us, of unknown age.
    """
    if last_read is None:
        return NEVER_READ
    return last_read if now - last_read > LONGEST_PAUSE else now


def published_at(
    entry: Entry, fetched_at: datetime, undated: Undated = None
) -> tuple[datetime, Correction | None]:
    """The publication time of an article, never later than the time it was fetched.

    The stated time; if its time zone is unknown, the latest time it can mean, so that a guessed zone never makes an
    article too old; without a date, `undated` or the time of fetching.
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
