"""The news poller, which publishes articles of news sources to the queue raw_news_data.

One thread for each source reads its feed and records new articles in the state file; the main thread publishes the
recorded articles. Therefore no source can delay another, and an unavailable broker delays only publishing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog

from services.common.broker.port import Broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import DependencyHealth, HealthReport
from services.common.runtime.metrics import ARTICLES_SKIPPED, ARTICLES_WAITING
from services.common.runtime.runner import count_error
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.data_ingestor.news.port import Source
from services.data_ingestor.news.publish import LONGEST_SECONDS, publish_waiting
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.select import Skip
from services.data_ingestor.news.source_poller import SourcePoller
from services.data_ingestor.news.turns.back_pressure import QueuePressure
from services.data_ingestor.news.turns.turns import Turns

NAME = "news_poller"
SEEN_FILE = "news_seen.sqlite3"
FIRST_BROKER_PAUSE = 1.0
LONGEST_BROKER_PAUSE = 8.0
PUBLISH_CHECK_SECONDS = 0.2
PURGE_SECONDS = 3600.0
EXPIRE_SECONDS = 60.0

log = structlog.get_logger(__name__)


class NewsPoller:
    """The news poller as a service; see the module."""

    def __init__(self, sources: Sequence[Source], settings: Settings, broker: Broker, clock: Clock) -> None:
        self._settings = settings
        self._broker = broker
        self._clock = clock
        self._seen: SeenArticles | None = None
        self._turns: Turns | None = None
        self._sources = sources
        self._pollers: tuple[SourcePoller, ...] = ()
        self._pressure = QueuePressure(broker, settings.news_queue_slow_at, settings.lag_limit)
        self.work = CallsInProgress()

    def start(self) -> None:
        """Open the state file and connect to the broker."""
        if self._seen is None:
            owners = {source.config.name: source.config.owner for source in self._sources}
            seen = SeenArticles(self._settings.state_dir / SEEN_FILE, owners)
            self._turns = Turns(seen, self._settings.news_source_quota, self._clock)
            self._pollers = tuple(
                SourcePoller(source, self._settings, self._clock, seen, stretch=self._stretch, work=self.work)
                for source in self._sources
            )
            self._seen = seen
        self._broker.start()

    def run(self, stop: threading.Event) -> None:
        """Poll the sources and publish new articles until `stop` is set."""
        if self._seen is None or self._turns is None:
            raise RuntimeError("start comes before run")
        threads = [
            threading.Thread(target=poller.run, args=(stop,), name=f"source-{poller.name}")
            for poller in self._pollers
        ]
        log.info("sources_polled", sources=[poller.name for poller in self._pollers])
        for thread in threads:
            thread.start()
        try:
            self._publish_until(stop, self._seen, self._turns)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _publish_until(self, stop: threading.Event, seen: SeenArticles, turns: Turns) -> None:
        backoff = Backoff(FIRST_BROKER_PAUSE, LONGEST_BROKER_PAUSE)
        purge_at = expire_at = time.monotonic()
        pause = 0.0
        while not stop.wait(pause):
            try:
                if time.monotonic() >= purge_at:
                    seen.purge(self._clock.now() - timedelta(days=self._settings.news_seen_days))
                    purge_at = time.monotonic() + PURGE_SECONDS
                if time.monotonic() >= expire_at:
                    self._expire(seen)
                    expire_at = time.monotonic() + EXPIRE_SECONDS
                turns.look()
                with self.work.doing(f"publishing to {RAW_NEWS_DATA.name}", LONGEST_SECONDS):
                    self._publish(seen, turns)
                ARTICLES_WAITING.set(seen.waiting_count)
                backoff.succeeded()
                pause = PUBLISH_CHECK_SECONDS
            except TryLater as error:
                ARTICLES_WAITING.set(seen.waiting_count)
                pause = backoff.failed(error.after)
                count_error(NAME, error)
                log.warning(
                    "publishing_waits",
                    error=str(error),
                    waiting=seen.waiting_count,
                    retry_in_seconds=round(pause, 1),
                )

    def _expire(self, seen: SeenArticles) -> None:
        """Drop articles that became too old while they waited for the broker or for their owner's turn."""
        hours = self._settings.news_max_age_hours
        for source, count in seen.expire(self._clock.now() - timedelta(hours=hours)).items():
            ARTICLES_SKIPPED.labels(source, Skip.WAITED_TOO_LONG).inc(count)
            log.warning("articles_waited_too_long", source=source, count=count, max_age_hours=hours)

    def _publish(self, seen: SeenArticles, turns: Turns) -> None:
        if self._pressure.look(time.monotonic()) or not seen.waiting_count:
            return
        count = publish_waiting(self._broker, seen, turns, queue_is_empty=self._pressure.is_empty)
        if count:
            self._pressure.published(count, time.monotonic())
            log.info("articles_published", count=count)

    def _stretch(self) -> float:
        return self._pressure.stretch(self._turns.due if self._turns else 0)

    def health(self) -> HealthReport:
        """Return the state of the broker, its news queue, the state file, all sources together, and each source."""
        states = {poller.name: poller.state.health() for poller in self._pollers}
        answering = sum(poller.state.answers for poller in self._pollers)
        frozen = sum(poller.state.frozen != "" for poller in self._pollers)
        waiting = self._seen.waiting_count if self._seen else 0
        summary = f"{answering} of {len(self._sources)} answer, {frozen} of them with nothing new; "
        summary += f"{waiting} articles wait for the broker"
        return {
            "broker": self._broker.health(),
            "news_queue": self._pressure.health(),
            "state": self._seen.health()
            if self._seen
            else DependencyHealth(ok=False, detail="not opened yet"),
            "sources": DependencyHealth(ok=answering > frozen, detail=summary, required=False),
            **{f"source:{name}": state for name, state in states.items()},
        }

    def close(self) -> None:
        """Close the broker and the state file."""
        try:
            self._broker.close()
        finally:
            if self._seen is not None:
                self._seen.close()
