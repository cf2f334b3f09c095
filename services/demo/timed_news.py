"""Articles with the time at which a feed first lists them: from the sample story or from an archive."""

from __future__ import annotations

import csv
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from services.common.errors import StopProgram
from services.common.files import open_text
from services.common.values import source_name

SAMPLE_FILE = Path(__file__).with_name("sample_news.toml")
ARCHIVE_COLUMNS = ("published", "source", "title", "text", "url")


@dataclass(frozen=True, slots=True)
class TimedArticle:
    """One article. Times are UTC.

    Attributes:
        published: the time that the article states.
        shown: the time at which the feed first lists the article; never before `published`.
    """

    source: str
    title: str
    text: str
    url: str
    published: datetime
    shown: datetime

    def moved(self, by: timedelta) -> TimedArticle:
        """The same article, with both times shifted by `by`."""
        return TimedArticle(
            self.source, self.title, self.text, self.url, self.published + by, self.shown + by
        )


@dataclass(frozen=True, slots=True)
class SampleStory:
    """The sample news, and the candle close at which the technical rules first allow an entry."""

    moment: datetime
    articles: tuple[TimedArticle, ...]


def read_sample() -> SampleStory:
    """Read the sample story, whose headlines were written for the demo."""
    data = tomllib.loads(SAMPLE_FILE.read_text())
    moment: datetime = data["moment"]
    articles = []
    for number, entry in enumerate(data["article"], 1):
        at = moment + timedelta(minutes=entry["minute"])
        url = f"https://sample.invalid/{entry['source']}/{number}"
        articles.append(TimedArticle(entry["source"], entry["title"], entry["text"], url, at, at))
    return SampleStory(moment, tuple(articles))


def read_archive(path: Path, begin: datetime, end: datetime) -> list[TimedArticle]:
    """The articles of a CSV or CSV.GZ archive that a feed first listed in [begin, end), oldest first.

    Columns: published, source, title, text, url, and optionally first_seen, the time at which a feed had the article.

    Raises:
        StopProgram: the file cannot be read, or a row is not valid; the message names file and line.
    """
    articles = [article for article in _rows(path) if begin <= article.shown < end]
    return sorted(articles, key=lambda article: (article.shown, article.url))


def busiest_day(path: Path) -> datetime:
    """The start (UTC) of the day on which the archive's feeds first listed most articles; of equal days, the first.

    Raises:
        StopProgram: for the reasons of `read_archive`, or because the archive is empty.
    """
    by_day = Counter(article.shown.date() for article in _rows(path))
    if not by_day:
        raise StopProgram(f"{path} has no articles")
    day = min(by_day, key=lambda each: (-by_day[each], each))
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _rows(path: Path) -> Iterator[TimedArticle]:
    if not path.is_file():
        raise StopProgram(f"--news {path} is not there, or is no file")
    try:
        with open_text(path) as file:
            reader = csv.DictReader(file)
            missing = [name for name in ARCHIVE_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise StopProgram(
                    f"{path}: no column {', '.join(missing)}; needed: {', '.join(ARCHIVE_COLUMNS)}"
                )
            for row in reader:
                yield _article(row, f"{path}, line {reader.line_num}")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise StopProgram(f"{path} cannot be read as a CSV news archive: {error}") from error


def _article(row: dict[str, str], place: str) -> TimedArticle:
    published = _instant(row["published"], place)
    seen = row.get("first_seen")
    shown = max(published, _instant(seen, place)) if seen else published
    source = source_name(row["source"]) or source_name(urlsplit(row["url"]).hostname or "") or "unnamed"
    return TimedArticle(source, row["title"], row["text"], row["url"], published, shown)


def _instant(text: str, place: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise StopProgram(f"{place}: {text!r} is not a time; write it as 2025-05-01T06:20:39Z") from None
    if instant.tzinfo is None:
        raise StopProgram(f"{place}: {text!r} has no offset; write 2025-05-01T06:20:39Z for UTC")
    return instant.astimezone(UTC)
