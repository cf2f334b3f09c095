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
"""Of a source of which nothing is recorded."""
LONGEST_PAUSE = timedelta(hours=2)
"""A source that was not read for longer may have published an entry without a date at any time since then."""

Undated = datetime | Literal["never read"] | None


class Correction(StrEnum):
    """What was put right in an article that is published."""

    NO_DATE = "no_date"
    NO_ZONE = "no_zone"
    FUTURE_DATE = "future_date"
    HIDDEN_TEXT = "hidden_text"


@dataclass(frozen=True, slots=True)
class Selection:
    """What one answer of a feed comes to.

    Attributes:
        articles: to be published, oldest first.
        dismissed: ids that need not be looked at again.
        skipped: entries not published, by reason.
        corrected: corrections made, by kind.
        lags: of the articles that say when they were published, how long before they were fetched.
        is_news: whether there is an entry that was not known and is not too old, whatever it is about.
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
    """Choose what to publish of a feed fetched at `fetched_at`.

    An entry is skipped when it has no title, when its id is in `known` or came before in the feed, when it was
    published more than `max_age` before, when it has no date and is of a source `NEVER_READ`, or when it is not about
    crypto. The last three are dismissed for good. `undated` is when an entry without a date counts as published, see
    `date_of_undated`; None: when it was fetched.
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
    """The newest articles of a selection for which there is room, and how many are left to be chosen again later.

    What is not chosen again was skipped, and what is said of corrections and lags is said then.
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
    """When a new entry without a date counts as published, in a feed that was read at `last_read`, if ever.

    When it is first seen, if the source is watched. After a pause it counts as old as it may be. If nothing is recorded
    of the source - it is new, or the record was lost - all its entries are new to us, and nobody knows their age.
    """
    if last_read is None:
        return NEVER_READ
    return last_read if now - last_read > LONGEST_PAUSE else now


def published_at(
    entry: Entry, fetched_at: datetime, undated: Undated = None
) -> tuple[datetime, Correction | None]:
    """When an article counts as published, never later than it was fetched.

    As claimed; without a known zone the latest that its date can mean, so that it never counts as old for a zone that
    was guessed; without a date as `undated` says, or as fetched.
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
