"""A feed that answers but has had nothing new for far too long: seen, told once, and asked for past every cache."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from services.common.metrics import SOURCE_FREEZES, SOURCE_FROZEN, SOURCE_NEWEST
from services.data_ingestor.news_habit import Habit, habit_of, patience

log = structlog.get_logger(__name__)

ASK_AGAIN = timedelta(hours=1)
"""Asking for everything is repeated so often while a feed is frozen; it costs its publisher the whole feed."""


class FeedFreshness:
    """Whether one feed flows. Use from one thread.

    Args:
        source: its name.
        at_least: NEWS_FROZEN_AFTER.
        now: from when on a feed without dates is watched.
    """

    def __init__(self, source: str, at_least: timedelta, now: datetime) -> None:
        self._source = source
        self._at_least = at_least
        self._habit = Habit()
        self._last_news = now
        self._read_before = False
        self._ask_from: datetime | None = None
        SOURCE_FROZEN.labels(source).set(0)
        SOURCE_FREEZES.labels(source)

    @property
    def is_frozen(self) -> bool:
        """As of the last answer."""
        return self._ask_from is not None

    def read(self, published: Sequence[datetime | None], now: datetime, *, news: bool) -> None:
        """The feed was read: the dates of its entries, and whether one of them was not there before."""
        self._habit = habit_of(published, now)
        if self._habit.newest is not None:
            self._last_news = self._habit.newest
        if news and (self._read_before or self._habit.newest is None):
            self._last_news = now
        self._read_before = True
        if past := [moment for moment in published if moment is not None and moment <= now]:
            SOURCE_NEWEST.labels(self._source).set(max(past).timestamp())

    def answered(self, now: datetime) -> str:
        """The feed has answered, with whatever; what is wrong with it, or nothing."""
        quiet, limit = now - self._last_news, patience(self._habit, self._at_least)
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
        """Whether the next request shall be for everything, and to the origin; True once for each time it shall."""
        if self._ask_from is None or now < self._ask_from:
            return False
        self._ask_from = now + ASK_AGAIN
        return True


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 2)
