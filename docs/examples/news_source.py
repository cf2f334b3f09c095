"""An example of a further kind of source: a file to which another program adds one JSON object a line.

Copy this file to services/data_ingestor/news/KIND/source.py and change what is between `read` and `_entry`; add the
configuration to KINDS in services/data_ingestor/news/sources.py and its fields to news_sources.toml; let the kind pass
tests/contract/test_source_contract.py, which tries this file as well:

    [[source]]
    kind = "file"
    name = "scraper"
    path = "/var/lib/scraper/news.jsonl"
"""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from services.common.errors import NeverWorks, TryLater
from services.common.files import read_small
from services.common.settings.settings import Settings
from services.data_ingestor.news.port import (
    MAX_CONTENT,
    MAX_ENTRIES,
    MAX_SUMMARY,
    MAX_TITLE,
    NO_STATE,
    Answer,
    Entry,
    Listing,
    SourceConfig,
    State,
)
from services.data_ingestor.news.text import plain_text
from services.data_ingestor.news.urls import usable_link


class FileConfig(SourceConfig):
    """A file at `path`, the newest article last."""

    kind: Literal["file"] = "file"
    path: Path

    def open(self, settings: Settings) -> FileSource:
        """See `SourceConfig`."""
        del settings  # a source that asks over the network takes NEWS_TIMEOUT and NEWS_USER_AGENT from them
        return FileSource(self)


class FileSource:
    """A `Source`. Its state is the digest of the file."""

    patience = 5.0

    def __init__(self, config: FileConfig) -> None:
        self.config = config
        self.address = str(config.path)

    def read(
        self, now: datetime, stop: threading.Event, state: State = NO_STATE, *, past_caches: bool = False
    ) -> Answer:
        """See `Source`."""
        del now, stop, past_caches  # nothing is waited for, and nothing cached
        try:
            text = read_small(self.config.path)
        except OSError as error:
            raise TryLater(f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise NeverWorks(f"is no text in UTF-8: {error}") from error
        digest = {"digest": hashlib.sha256(text.encode()).hexdigest()}
        if digest == state:
            return Answer(None, state)
        lines = text.splitlines()
        entries = tuple(_entry(number, line) for number, line in enumerate(lines, 1))
        return Answer(Listing(entries[-MAX_ENTRIES:], max(len(lines) - MAX_ENTRIES, 0)), digest)


def _entry(number: int, line: str) -> Entry:
    try:
        found = json.loads(line)
        published = datetime.fromisoformat(found["published"]) if found.get("published") else None
        texts = {name: str(found.get(name, "")) for name in ("title", "link", "summary", "content")}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NeverWorks(f"line {number} is no article: {error}") from error
    return Entry(
        title=plain_text(texts["title"], MAX_TITLE),
        link=usable_link(texts["link"]),
        summary=plain_text(texts["summary"], MAX_SUMMARY),
        content=plain_text(texts["content"], MAX_CONTENT),
        published=published.astimezone(UTC) if published and published.tzinfo else None,
    )
