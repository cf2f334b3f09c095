"""The kinds of source that the contract of sources is tried on, each with a place to publish at."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from services.common.settings.settings import PROJECT_ROOT, Settings
from services.data_ingestor.news.port import Source, SourceConfig
from services.data_ingestor.news.rss.source import FeedConfig
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import Item, rss

EXAMPLE = PROJECT_ROOT / "docs" / "examples" / "news_source.py"


class Publisher(Protocol):
    """Whoever publishes at a source."""

    @property
    def config(self) -> SourceConfig:
        """Of the source."""
        ...

    @property
    def source(self) -> Source:
        """The source."""
        ...

    def publish(self, items: Sequence[Item]) -> None:
        """From now on these are listed."""
        ...

    def go_away(self) -> None:
        """From now on the source cannot be read."""
        ...

    def hang(self) -> None:
        """From now on no answer comes. A kind that waits for nobody goes on."""
        ...

    def spoil(self) -> None:
        """From now on it answers what is no list of articles."""
        ...

    def close(self) -> None:
        """Stop publishing."""
        ...


class FeedPublisher:
    """A feed server on loopback."""

    def __init__(self, folder: Path) -> None:
        del folder
        self._server = FeedServer()
        self._version = 0
        self.config = FeedConfig.model_validate(
            {"name": "paper", "url": self._server.url.replace("//", "//me:hidden@") + "/rss?key=hidden"}
        )
        self.source = self.config.open(Settings(news_timeout=600.0))  # what hangs outlasts the test

    def _answer(self, body: bytes) -> None:
        self._version += 1
        self._server.set("/rss?key=hidden", reply(body, ETag=f'"{self._version}"'))

    def publish(self, items: Sequence[Item]) -> None:
        self._answer(rss(items))

    def go_away(self) -> None:
        self._server.set("/rss?key=hidden", reply(status=503))

    def hang(self) -> None:
        self._server.set("/rss?key=hidden", self._server.hang)

    def spoil(self) -> None:
        self._answer(b"<html>Nothing here.</html>")

    def close(self) -> None:
        self._server.__exit__(None, None, None)


class FilePublisher:
    """The example that a further kind of source is begun with."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "news.jsonl"
        table = {"kind": "file", "name": "paper", "path": str(self._path)}
        self.config = example_config().model_validate(table)
        self.source = self.config.open(Settings())

    def publish(self, items: Sequence[Item]) -> None:
        lines = (
            {
                "title": item.title or "",
                "link": item.link or "",
                "summary": item.description or "",
                "content": item.content or "",
                "published": _written(item.published),
            }
            for item in items
        )
        self._path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    def go_away(self) -> None:
        self._path.unlink(missing_ok=True)

    def hang(self) -> None:
        """It waits for nobody."""

    def spoil(self) -> None:
        self._path.write_text("Nothing here.\n", encoding="utf-8")

    def close(self) -> None:
        """Nothing is open."""


def _written(published: datetime | str | None) -> str:
    return published.isoformat() if isinstance(published, datetime) else published or ""


def example_config() -> type[SourceConfig]:
    """The configuration of the example, loaded from the documents."""
    name = "docs_examples_news_source"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, EXAMPLE)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    config: type[SourceConfig] = sys.modules[name].FileConfig
    return config


PUBLISHERS: dict[str, Callable[[Path], Publisher]] = {"rss": FeedPublisher, "file": FilePublisher}
"""A further kind is one entry."""
