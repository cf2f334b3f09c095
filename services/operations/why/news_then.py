"""What the news was at a moment in the past, and who held entries then."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT, SignalFilter
from services.common.history.rows import HoldAction, HoldRow, SignalRow
from services.operations.holds import Hold
from services.operations.news.grouping import gather
from services.operations.news.stories import StoryFilter, StoryRow, list_stories, names_of, story_row

MOST_STORIES = 10
_MOMENT = timedelta(microseconds=1)
_LONGEST_IN_FORCE = timedelta(days=2)
"""A signal is no longer in force after a staleness limit of some hours."""


def stories_between(
    history: HistoryReader, pair: str, since: datetime, until: datetime
) -> tuple[StoryRow, ...]:
    """The stories about a pair whose first signal in this period became available in it, newest first.

    At most `MOST_STORIES`.
    """
    wanted = StoryFilter(pair=pair, since=since, until=until)
    return list_stories(history, wanted, limit=MOST_STORIES).stories


def story_of(history: HistoryReader, article_id: str) -> StoryRow | None:
    """The story of an article; None if the article is not recorded."""
    found = gather(history, [article_id]) if article_id else {}
    return story_row(found[article_id]) if article_id in found else None


def signal_that_ended(history: HistoryReader, pair: str, closed: datetime, score: float) -> SignalRow | None:
    """The newest signal about a pair that was known when a trade closed and has the score of the exit's reason.

    Args:
        history: the history.
        pair: the pair of the trade.
        closed: when the trade was closed.
        score: the score to two decimal places, as Freqtrade's reason has it.
    """
    which = SignalFilter(pairs=names_of(pair), since=closed - _LONGEST_IN_FORCE, until=closed)
    rows = history.signals(which, limit=MAX_LIMIT).rows
    return next((row for row in rows if f"{row.sentiment_score:.2f}" == f"{score:.2f}"), None)


def holds_at(history: HistoryReader, moment: datetime) -> tuple[Hold, ...]:
    """The holds that were in force at a moment, as far as they are recorded, ordered by owner."""
    last: dict[str, HoldRow] = {}
    after = None
    while True:
        page = history.holds(until=moment + _MOMENT, limit=MAX_LIMIT, after=after)
        for row in page.rows:  # newest first
            last.setdefault(row.owner, row)
        after = page.next
        if after is None:
            break
    return tuple(_hold(last[owner]) for owner in sorted(last) if _in_force(last[owner], moment))


def _in_force(row: HoldRow, moment: datetime) -> bool:
    begun = row.since is None or row.since <= moment
    return row.action is HoldAction.SET and begun and (row.until is None or row.until > moment)


def _hold(row: HoldRow) -> Hold:
    since, until = (each.isoformat() if each else "" for each in (row.since, row.until))
    return Hold(row.owner, row.reason, since, until)
