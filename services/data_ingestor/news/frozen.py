"""A feed that answers but has had nothing new for far too long: seen, told once, and asked for past every cache."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from services.common.runtime.metrics import SOURCE_FREEZES, SOURCE_FROZEN, SOURCE_NEWEST
from services.data_ingestor.news.habit import Habit, claimed, habit_of, patience

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
        self._dates: dict[str, datetime | None] = {}
        self._last_news = now
        self._read_before = False
        self._ask_from: datetime | None = None
        SOURCE_FROZEN.labels(source).set(0)
        SOURCE_FREEZES.labels(source)

    def read(self, listed: Mapping[str, datetime | None], now: datetime, *, news: bool) -> None:
        """The feed was read.

        An entry's date counts as it was when the entry was first listed: one that is dated anew at each poll, or ahead
        of its time, says nothing about the others.

        Args:
            listed: the dates of its entries by their ids.
            now: when.
            news: whether one of them was never listed before and is not too old.
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
