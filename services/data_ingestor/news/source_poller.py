"""Polls one source in a separate thread: reads its entries, selects articles, and records them for publication."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.common.clock import Clock
from services.common.errors import NeverWorks, TryLater
from services.common.runtime.metrics import (
    ARTICLES_CORRECTED,
    ARTICLES_SKIPPED,
    SOURCE_LAG,
    SOURCE_LAST_SUCCESS,
    SOURCE_POLLS,
    SOURCE_UP,
)
from services.common.runtime.runner import count_error
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.data_ingestor.news.frozen import FeedFreshness
from services.data_ingestor.news.port import NO_STATE, Entry, Listing, Source
from services.data_ingestor.news.seen.identity import former_ids, identify
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.select import Selection, Skip, date_of_undated, fitting, select
from services.data_ingestor.news.source_state import SourceState
from services.data_ingestor.news.turns.schedule import next_poll

log = structlog.get_logger(__name__)

NOTE_SECONDS = 15.0
"""The maximum seconds that one access to the state file may take."""
TELL_AGAIN = timedelta(hours=1)


class SourcePoller:
    """Polls one source until it is stopped. Failures of this source do not affect other sources.

    Args:
        stretch: returns the factor by which NEWS_POLL_INTERVAL is multiplied for the next pause.
        work: the register of calls in progress.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        clock: Clock,
        seen: SeenArticles,
        *,
        stretch: Callable[[], float] = lambda: 1.0,
        work: CallsInProgress | None = None,
    ) -> None:
        self.name = source.config.name
        self.state = SourceState()
        self._source = source
        self._settings = settings
        self._clock = clock
        self._seen = seen
        self._stretch = stretch
        self._work = work or CallsInProgress()
        self._patience = source.patience + NOTE_SECONDS
        self._freshness = FeedFreshness(self.name, timedelta(seconds=settings.news_frozen_after), clock.now())
        self._read_state = NO_STATE
        self._listed: tuple[str, ...] = ()
        self._last_read: datetime | None = None
        self._failing_since: float | None = None
        self._log = log.bind(source=self.name)
        SOURCE_UP.labels(self.name).set(0)
        SOURCE_LAG.labels(self.name)

    def run(self, stop: threading.Event) -> None:
        """Poll at once and then at regular intervals, until `stop` is set."""
        while not stop.is_set():
            with self._work.doing(f"polling {self.name}", self._patience):
                asked = self.poll(stop)
            interval = self._settings.news_poll_interval * self._stretch()
            stop.wait(next_poll(interval, self._failing_for(), asked, random.random()))

    def _failing_for(self) -> float | None:
        return None if self._failing_since is None else time.monotonic() - self._failing_since

    def poll(self, stop: threading.Event) -> float | None:
        """Poll once and update `state`; return the pause in seconds if the server asked for a pause."""
        try:
            outcome = self._poll(stop)
        except (TryLater, NeverWorks) as error:
            if stop.is_set():
                return None
            count_error("news_poller", error)
            self._failed(str(error), error.reaction)
            return error.after if isinstance(error, TryLater) else None
        except Exception as error:  # noqa: BLE001 - a defect that one feed triggers must not end its polling
            self._log.exception("source_poll_failed")
            self._failed(f"{type(error).__name__}: {error}", "defect")
            return None
        self._succeeded(outcome)
        return None

    def _poll(self, stop: threading.Event) -> str:
        now = self._clock.now()
        past_caches = self._freshness.ask_past_caches(now)
        try:
            answer = self._source.read(now, stop, self._read_state, past_caches=past_caches)
        except (TryLater, NeverWorks):
            self._read_state = NO_STATE
            raise
        if answer.listing is None:
            self._seen_again()
        else:
            self._note(answer.listing)
        # Only after the articles are recorded: otherwise the next read would report them as unchanged.
        self._read_state = answer.state
        return "ok" if answer.listing else "not_modified"

    def _seen_again(self) -> None:
        """Record from time to time that the entries of an unchanged listing are still listed, so they are kept."""
        now = self._clock.now()
        if self._last_read is None or now - self._last_read >= TELL_AGAIN:
            self._seen.known(self._listed, now)
            self._last_read = now

    def _note(self, feed: Listing) -> None:
        name, now = self.name, self._clock.now()
        last_read = self._last_read or self._seen.last_listed(name)
        identified = identify(feed.entries, name)
        known = self._seen.known(tuple(identified), now, former_ids(identified, name), name)
        selection = select(
            feed.entries,
            name,
            known=known,
            fetched_at=now,
            max_age=timedelta(hours=self._settings.news_max_age_hours),
            weight=self._source.config.weight,
            owner=self._source.config.owner,
            undated=date_of_undated(last_read, now),
        )
        selection, left = fitting(selection, self._seen.room(name))
        new = self._seen.note(selection.articles, selection.dismissed, name, now)
        self._listed, self._last_read = tuple(identified), now
        self._freshness.read(_dates(identified, known, last_read), now, news=selection.is_news)
        if passed_over := selection.skipped[Skip.UNDATED]:
            self._log.warning("undated_entries_passed_over", count=passed_over, entries=len(feed.entries))
        self._count(selection, feed.left_out)
        if new:
            self._log.info("articles_found", new=new, entries=len(feed.entries), **selection.counts)
        if feed.warning and feed.warning != self.state.warning:
            self._log.warning("feed_is_untidy", problem=feed.warning, entries=len(feed.entries))
        entries, articles = len(feed.entries), self.state.articles + new
        self.state = replace(self.state, warning=feed.warning, entries=entries, articles=articles)
        if left:
            waiting = f"{self._seen.waiting_by_source[name]} of its articles already wait for the broker"
            raise TryLater(f"{waiting}, the most that are allowed; {left} more stay in the feed for later")

    def _count(self, selection: Selection, left_out: int) -> None:
        name = self.name
        for reason, count in selection.skipped.items():
            ARTICLES_SKIPPED.labels(name, reason).inc(count)
        if left_out:
            ARTICLES_SKIPPED.labels(name, Skip.TOO_MANY).inc(left_out)
        for correction, count in selection.corrected.items():
            ARTICLES_CORRECTED.labels(name, correction).inc(count)
        for lag in selection.lags:
            SOURCE_LAG.labels(name).observe(lag.total_seconds())

    def _failed(self, error: str, outcome: str) -> None:
        name, url = self.name, self._source.address
        SOURCE_POLLS.labels(name, outcome).inc()
        SOURCE_UP.labels(name).set(0)
        if self._failing_since is None:
            self._failing_since = time.monotonic()
        self.state = replace(self.state, polled=True, failures=self.state.failures + 1, last_error=error)
        self._log.warning("source_failed", error=error, url=url, failures=self.state.failures)

    def _succeeded(self, outcome: str) -> None:
        name, now = self.name, self._clock.now()
        SOURCE_POLLS.labels(name, outcome).inc()
        SOURCE_UP.labels(name).set(1)
        SOURCE_LAST_SUCCESS.labels(name).set(now.timestamp())
        if self.state.failures:
            self._log.info("source_recovered", after_failures=self.state.failures)
        self._failing_since = None
        frozen = self._freshness.answered(now)
        self.state = replace(self.state, polled=True, failures=0, last_success=now, frozen=frozen)


def _dates(
    identified: Mapping[str, Entry], known: Collection[str], last_read: datetime | None
) -> dict[str, datetime | None]:
    """Return publication dates by id. A known entry whose stated date is later than the last read is omitted."""
    return {
        identity: entry.published
        for identity, entry in identified.items()
        if identity not in known or not entry.published or not last_read or entry.published <= last_read
    }
