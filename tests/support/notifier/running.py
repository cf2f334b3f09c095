"""A notifier that runs in the test's process, on a history of its own, and what is recorded for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from services.common.clock import Clock, SystemClock
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryWriter
from services.common.history.rows import ArticleRow, ScoringRow, SignalRow
from services.common.history.writing import open_history, open_notifier_log
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.notifier.channels.port import Channel
from services.notifier.service import Notifier
from tests.support.history.tables import with_tables
from tests.support.waiting import PATIENCE_SECONDS


def notifier_settings(folder: Path, urls: str, rules: str = "preset = 'everything'", **more: str) -> Settings:
    """Settings of a notifier whose store does not answer."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "notify.toml"
    path.write_text(rules)
    given = {
        "STATE_DIR": str(folder / "state"),
        "NOTIFY_URLS": urls,
        "NOTIFY_RULES_FILE": str(path),
        "REDIS_PORT": "1",
        "REDIS_TIMEOUT": "0.2",
        "NOTIFY_WEBHOOK_PORT": "0",
        "HEALTH_PORT": "0",
    }
    return Settings.load({**given, **more}, None)


@contextmanager
def notifying(
    settings: Settings, channels: Sequence[Channel] | None = None, clock: Clock | None = None
) -> Iterator[Notifier]:
    """Run a notifier until the end of the block. What ended it is raised there."""
    service = Notifier(
        settings,
        clock or SystemClock(),
        reader=open_reader(settings),
        store=open_store(settings),
        notices=open_notifier_log(settings),
        channels=channels,
    )
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            service.run(stop)
        except BaseException as error:  # noqa: BLE001 - raised in the test's thread
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        service.start()
        thread.start()
        yield service
    finally:
        stop.set()
        if thread.ident is not None:
            thread.join(PATIENCE_SECONDS)
        service.close()
    assert not thread.is_alive()
    if failures:
        raise failures[0]


@contextmanager
def recorded(settings: Settings) -> Iterator[HistoryWriter]:
    """Yield a writer of the history, whose tables are there."""
    writer = open_history(with_tables(settings))
    try:
        writer.check()
        yield writer
    finally:
        writer.close()


def news(
    number: int,
    *,
    story: int | None = None,
    source: str = "Wire",
    pair: str = "BTC/USDT",
    score: float = 0.8,
    at: datetime | None = None,
    **more: object,
) -> Batch:
    """An article with its scoring and its signal, all of one instant, `at`, which is now unless it is given.

    `story` is the number of the story's first article.
    """
    now = at or datetime.now(UTC)
    article_id = f"article-{number}"
    article = ArticleRow(
        article_id=article_id,
        source=source,
        owner=source,
        title=str(more.pop("title", f"Title {number}")),
        link=f"https://news.example/{number}",
        published=now,
        fetched=now,
        recorded=now,
    )
    result = ScoringRow(
        article_id=article_id,
        outcome="scored" if story is None else "retold",
        scored=now,
        recorded=now,
        story=f"article-{number if story is None else story}",
        model="lexicon",
    )
    signal = SignalRow(
        article_id=article_id if story is None else f"article-{story}",
        pair=pair,
        model="lexicon",
        revision=int(str(more.pop("revision", 0))),
        source=source,
        headline=article.title,
        sentiment_score=score,
        sentiment_label="very_bullish",
        published=now,
        analyzed_at=now,
        available_at=now,
        recorded=now,
        corroboration=int(str(more.pop("corroboration", 0))),
        event_type=str(more.pop("event_type", "adoption")),
        owner=source,
    )
    return Batch(articles=(article,), scorings=(result,), signals=(signal,))
