"""The check of a feed: whether it answers, how old its newest article is, and how late its articles were seen."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from functools import partial

from services.common.clock import SystemClock
from services.common.errors import NeverWorks
from services.common.settings.settings import Settings
from services.data_ingestor.news.habit import freeze_limit, habit_of
from services.data_ingestor.news.port import Listing, SourceConfig
from services.launch.probes import read_metrics
from services.operations.checks.check import Question
from services.operations.health import address_of

LATE = timedelta(hours=1)
"""The mean lag above which a feed is late; the alert SourceLags has the same threshold."""


def feed_question(settings: Settings, source: SourceConfig) -> Question:
    """The check whether a feed answers, has new articles, and is polled in time."""
    remedy = (
        "check the network, and the proxy if one is named; if nothing is new or it is late, look at the publisher's "
        f"page; if only this feed has the problem, set enabled = false for it in {settings.news_sources_file}"
    )
    return Question(f"feed {source.name}", partial(check_feed, settings, source), remedy, required=False)


def check_feed(settings: Settings, source: SourceConfig) -> str:
    """Describe the feed. Raises TryLater or NeverWorks if the feed cannot be read, has nothing new or is late."""
    now = SystemClock().now()
    feed = source.open(settings).read(now, threading.Event()).listing
    if feed is None:
        return "answers"
    lag = mean_lag(source.name, settings)
    found, well = describe(feed, now, timedelta(seconds=settings.news_frozen_after), lag)
    if not well:
        raise NeverWorks(found)
    return found


def describe(
    feed: Listing, now: datetime, frozen_after: timedelta, lag: timedelta | None
) -> tuple[str, bool]:
    """The description of a feed, and whether it has no problem.

    Args:
        feed: the articles that the feed lists now.
        now: the present time in UTC.
        frozen_after: NEWS_FROZEN_AFTER.
        lag: mean time from publication to being seen by a running poller; None if it is not known.
    """
    habit = habit_of((entry.published for entry in feed.entries), now)
    parts = [f"answers with {len(feed.entries)} entries"]
    well = bool(feed.entries)
    if habit.newest is not None:
        age = now - habit.newest
        parts.append(f"the newest of them {_span(age)} old")
        well = age <= freeze_limit(habit, frozen_after)
    elif feed.entries:
        parts.append("none with a date that is understood: they count as published when they are first seen")
    if lag is not None:
        parts.append(f"seen {_span(lag)} after publication, on average since the poller started")
        well = well and lag <= LATE
    return ", ".join(parts), well


def mean_lag(source: str, settings: Settings) -> timedelta | None:
    """Mean time from publication to being seen, from the metrics of the poller; None if it has none."""
    samples = read_metrics(address_of("news_poller", settings))
    count = samples.total("cryptoboy_source_lag_seconds_count", source=source) if samples else 0
    if not samples or not count:
        return None
    return timedelta(seconds=samples.total("cryptoboy_source_lag_seconds_sum", source=source) / count)


def _span(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
