"""Turns a row of a news archive into an article as the poller would have made it, or gives the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from services.common.publishers import without_byline, without_publisher
from services.common.values import source_name
from services.data_ingestor.news.port import MAX_CONTENT, MAX_SUMMARY, MAX_TITLE
from services.data_ingestor.news.seen.article_id import article_id
from services.data_ingestor.news.text import plain_text
from services.data_ingestor.news.urls import usable_link
from services.research.history.archive.columns import Columns
from services.research.history.archive.times import TimeReader, UnplacedTimeError

MAX_SOURCE = 64
LATE = timedelta(hours=4)
"""An article that is first seen more than this time after its publication is already stale then."""

_NOTHING = frozenset({"", "nan", "nat", "none", "null", "n/a"})


class Dropped(StrEnum):
    """The reasons why a row does not become an article."""

    NO_TITLE = "no_title"
    NO_TIME = "no_published_time"
    BAD_TIME = "unreadable_published_time"
    BAD_FIRST_SEEN = "unreadable_first_seen"
    IN_THE_FUTURE = "dated_in_the_future"
    NO_SOURCE = "no_source"


class Odd(StrEnum):
    """The oddities that do not prevent a row from becoming an article."""

    NO_FIRST_SEEN = "no_first_seen"
    SEEN_BEFORE_PUBLISHED = "first_seen_before_published"
    SEEN_LATE = "first_seen_over_4h_after_published"
    SOURCE_REWRITTEN = "source_name_rewritten"
    SOURCE_FROM_LINK = "source_taken_from_link"
    LAST_LINE_OPEN = "last_line_without_end_maybe_cut_off"


class Article(NamedTuple):
    """An article of the archive. Times are UTC; `known_at` is the later of `first_seen` and `published`."""

    known_at: datetime
    published: datetime
    article_id: str
    first_seen: datetime | None
    source: str
    title: str
    link: str
    summary: str
    content: str


class DroppedRowError(Exception):
    """Raised for a row that does not become an article."""

    def __init__(self, reason: Dropped, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ArticleReader:
    """Turns rows into articles.

    Attributes:
        columns: the positions of the fields in a row.
        read_time: the reader of the times in the format of the file.
        now: the time at which the archive is read (UTC); later times in the archive are refused.
        source: the source of all rows; if empty, each row names its source.
    """

    columns: Columns
    read_time: TimeReader
    now: datetime
    source: str = ""

    def __call__(self, cells: Sequence[str]) -> tuple[Article, tuple[Odd, ...]]:
        """Return the article of a row, and the oddities of the row.

        Raises:
            DroppedRowError: the row does not become an article.
            UnplacedTimeError: the time of the row cannot be converted without another option.
        """
        written = plain_text(self._cell(cells, "title"), MAX_TITLE)
        if not written:
            raise DroppedRowError(Dropped.NO_TITLE)
        published = self._time(cells, "published", Dropped.BAD_TIME)
        if published is None:
            raise DroppedRowError(Dropped.NO_TIME)
        first_seen = self._time(cells, "first_seen", Dropped.BAD_FIRST_SEEN)
        link = usable_link(self._cell(cells, "link"))
        source, odd = self._source(cells, link)
        title = without_publisher(written, self._cell(cells, "source"), urlsplit(link).hostname or "")
        summary = plain_text(self._cell(cells, "summary"), MAX_SUMMARY)
        content = plain_text(self._cell(cells, "content"), MAX_CONTENT)
        return (
            Article(
                known_at=max(published, first_seen or published),
                published=published,
                article_id=article_id(link, source, written),
                first_seen=first_seen,
                source=source,
                title=title,
                link=link,
                summary=without_byline(summary, title, written),
                content=without_byline(content, title, written),
            ),
            (*odd, *_odd_times(published, first_seen)),
        )

    def _cell(self, cells: Sequence[str], field: str) -> str:
        position = self.columns.positions.get(field)
        return "" if position is None else cells[position].strip()

    def _time(self, cells: Sequence[str], field: str, reason: Dropped) -> datetime | None:
        text = self._cell(cells, field)
        if text.lower() in _NOTHING:
            return None
        try:
            moment = self.read_time(text)
        except UnplacedTimeError as error:
            raise UnplacedTimeError(f"{self.columns.names[field]} {error}") from None
        except ValueError as error:
            raise DroppedRowError(reason, str(error)) from None
        if moment > self.now:
            raise DroppedRowError(Dropped.IN_THE_FUTURE, f"{field} is {text}")
        return moment

    def _source(self, cells: Sequence[str], link: str) -> tuple[str, tuple[Odd, ...]]:
        """Return a valid source name: an invalid name is rewritten, a missing name is replaced by the link's host."""
        written = self.source or self._cell(cells, "source")
        nothing = written.lower() in _NOTHING
        name = "" if nothing else source_name(written)
        is_name = len(written) <= MAX_SOURCE and any(map(str.isalpha, name))
        host = source_name((urlsplit(link).hostname or "").removeprefix("www."))
        if host and not is_name and not self.source:
            return host, (Odd.SOURCE_FROM_LINK,)
        if not any(map(str.isalnum, name)):
            reason = "" if nothing else f"nothing of {written[:60]!r} can be a name"
            raise DroppedRowError(Dropped.NO_SOURCE, reason)
        return name, (Odd.SOURCE_REWRITTEN,) if name != written else ()


def _odd_times(published: datetime, first_seen: datetime | None) -> tuple[Odd, ...]:
    if first_seen is None:
        return (Odd.NO_FIRST_SEEN,)
    if first_seen < published:
        return (Odd.SEEN_BEFORE_PUBLISHED,)
    return (Odd.SEEN_LATE,) if first_seen - published > LATE else ()
