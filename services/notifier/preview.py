"""What would have been told of a period, by the rules as they are now, from what was recorded.

A story is taken as it is known now. Moods, profits of open trades, silent sources and services are seen only as they
are, so a preview has none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.common.history.notifying.rows import MuteRow
from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT, ScoringFilter, SignalFilter, TradeFilter
from services.notifier.delivery.quiet import is_quiet_for
from services.notifier.happening import Happening, Importance
from services.notifier.happenings.running import dead_letter, hold_happening
from services.notifier.happenings.stories import story_happening
from services.notifier.happenings.trades import trade_happenings, when_opened
from services.notifier.message import as_text
from services.notifier.notice import Notice
from services.notifier.rules.decide import decide
from services.notifier.rules.rule import Rules, group_of
from services.operations.news.grouping import gather
from services.operations.trades import Trade
from services.operations.why.trade import explain_trade

LEFT_OUT = (
    "moods, steps of profit, stand-asides, prices, silent sources, services and corrections of stories, "
    "which are told as they happen"
)
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Preview:
    """The notices of a period, oldest first; `quiet` are the keys of those that came in quiet hours."""

    since: datetime
    until: datetime
    happened: int
    notices: tuple[Notice, ...]
    quiet: frozenset[tuple[str, str]]

    def as_json(self) -> dict[str, Any]:
        """The period, and each notice with its rule, channel and text."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "happened": self.happened,
            "notices": [
                {
                    "event_key": each.event_key,
                    "rule": each.rule,
                    "channel": each.channel,
                    "kind": each.kind.value,
                    "importance": each.importance.name.lower(),
                    "at": each.happened.isoformat(),
                    "in_quiet_hours": (each.event_key, each.channel) in self.quiet,
                    "text": as_text(each.message),
                }
                for each in self.notices
            ],
        }


def preview(
    history: HistoryReader, rules: Rules, channels: Collection[str], since: datetime, until: datetime
) -> Preview:
    """Decide on everything that was recorded in a period.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    found = happened_between(history, since, until, rules.watch.loss_steps)
    happened = sorted(found, key=lambda each: each.at)
    no_mutes: Sequence[MuteRow] = ()
    notices = [notice for each in happened for notice in decide(each, rules, channels, no_mutes, each.at)]
    quiet = {
        (notice.event_key, notice.channel)
        for notice in notices
        if notice.importance is not Importance.URGENT
        and is_quiet_for(rules.channels[group_of(notice.channel)], rules, notice.happened)
    }
    return Preview(since, until, len(happened), tuple(notices), frozenset(quiet))


def happened_between(
    history: HistoryReader, since: datetime, until: datetime, loss_steps: Sequence[float]
) -> Iterator[Happening]:
    """What was recorded of a period: each story, trade, hold and dead letter once."""
    yield from _stories(history, since, until)
    yield from _trades(history, since, until, loss_steps)
    after: str | None = None
    while True:
        holds = history.holds(since=since, until=until, limit=MAX_LIMIT, after=after)
        yield from map(hold_happening, holds.rows)
        if (after := holds.next) is None:
            break
    dead = ScoringFilter(outcomes=("dead_lettered",), since=since, until=until)
    for row in history.scorings(dead, limit=MAX_LIMIT).rows:
        article = history.articles_by_id([row.article_id]).get(row.article_id)
        yield dead_letter(row.article_id, article.title if article else "", row.reason, row.scored)


def _stories(history: HistoryReader, since: datetime, until: datetime) -> Iterator[Happening]:
    first: dict[str, datetime] = {}
    for signal in history.every_signal(SignalFilter(since=since, until=until)):
        first.setdefault(signal.article_id, signal.available_at)
    told = set[str]()
    ids = list(first)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for article_id, story in gather(history, some).items():
            happening = story_happening(story, first[article_id])
            if happening is not None and happening.key not in told:
                told.add(happening.key)
                yield happening


def _trades(
    history: HistoryReader, since: datetime, until: datetime, loss_steps: Sequence[float]
) -> Iterator[Happening]:
    after: str | None = None
    while True:
        page = history.trades(TradeFilter(until=until), limit=MAX_LIMIT, after=after)
        for row in page.rows:
            trade = Trade.of(row)
            ends = [trade.opened, *([trade.closed] if trade.closed else [])]
            if not any(since <= each < until for each in ends):
                continue
            for end in ends:
                if since <= end < until:
                    yield from _at(history, trade, end, loss_steps)
        if (after := page.next) is None:
            return


def _at(
    history: HistoryReader, trade: Trade, end: datetime, loss_steps: Sequence[float]
) -> tuple[Happening, ...]:
    """The entry or the exit of a trade, as it was told at that time."""
    then = trade if end == trade.closed else when_opened(trade)
    reasons = explain_trade(history, then, end).sentences[1:]
    return tuple(each for each in trade_happenings(then, reasons, end, loss_steps) if each.at == end)
