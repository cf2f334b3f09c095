"""Detects feeds that answer but have had nothing new for far too long, which are then fetched past all caches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from services.common.runtime.metrics import SOURCE_FREEZES, SOURCE_FROZEN, SOURCE_NEWEST
from services.data_ingestor.news.habit import Habit, claimed, freeze_limit, habit_of

log = structlog.get_logger(__name__)

ASK_AGAIN = timedelta(hours=1)
"""The interval between fetches that bypass all caches while a feed is frozen. Each such fetch transfers the whole
feed."""


class FeedFreshness:
    """Tracks whether one feed has new entries as often as usual, or is frozen. Use from one thread.

    Args:
        source: the name of the source.
        at_least: the minimum time without new entries before the feed counts as frozen (setting NEWS_FROZEN_AFTER).
        now: the time from which the silence of a feed without dates is counted.
    """

    def __init__(self, source: str, at_least: timedelta, now: datetime) -> None:
        self._source = source
        self._at_least = at_least
        self._habit = Habit()
        self._dates: dict[str, datetime | None] = {}
        self._last_news = now
        self._read_before = False
        self._ask_from: datetime | None = None
        SOURCE_FROZEN.labels(source).set(0)
        SOURCE_FREEZES.labels(source)

    def read(self, listed: Mapping[str, datetime | None], now: datetime, *, news: bool) -> None:
        """Record that the feed was read.

        The date of an entry is the date with which the entry was first listed. So an entry whose date changes at each
        poll or lies in the future does not hide that the other entries are old.

        Args:
            listed: the dates of the feed's entries by their ids.
            now: the time of the read.
            news: whether one of the entries is listed for the first time and is not too old.
        """
        self._dates = {
            identity: self._dates[identity] if identity in self._dates else date and claimed(date, now)
            for identity, date in listed.items()
        }
        self._habit = habit_of(self._dates.values(), now)
        if not self._read_before and self._habit.newest is not None:
            self._last_news = self._habit.newest
        elif news:
            self._last_news = now
        self._read_before = True
        past = [
            self._dates[identity] for identity, date in listed.items() if date is not None and date <= now
        ]
        if dates := [moment for moment in past if moment is not None]:
            SOURCE_NEWEST.labels(self._source).set(max(dates).timestamp())

    def answered(self, now: datetime) -> str:
        """Record that the feed has answered; return the reason if the feed counts as frozen, else an empty text."""
        quiet, limit = now - self._last_news, freeze_limit(self._habit, self._at_least)
        about = {"source": self._source, "newest": self._last_news.isoformat(timespec="seconds")}
        frozen = quiet > limit
        if frozen and self._ask_from is None:
            self._ask_from = now
            SOURCE_FREEZES.labels(self._source).inc()
            log.warning(
                "feed_frozen",
                **about,
                quiet_hours=_hours(quiet),
                patience_hours=_hours(limit),
                next="asking for it past every cache",
            )
        elif not frozen and self._ask_from is not None:
            self._ask_from = None
            log.info("feed_flows_again", **about)
        SOURCE_FROZEN.labels(self._source).set(frozen)
        return f"nothing new since {about['newest']}, for {_hours(quiet):g} hours" if frozen else ""

    def ask_past_caches(self, now: datetime) -> bool:
        """Whether the next request must bypass all caches. True once per ASK_AGAIN while the feed is frozen."""
        if self._ask_from is None or now < self._ask_from:
            return False
        self._ask_from = now + ASK_AGAIN
        return True


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 2)
