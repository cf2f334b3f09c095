"""Phrases that both briefs use: times in the zone of the briefs, stories with their scores, profits, exposure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.operations.briefs.document import Line, Span, line, quoted
from services.operations.news.grouping import PairScore
from services.operations.news.stories import StoryRow
from services.operations.portfolio import Closed, Exposure
from services.operations.words import amount, mood, percent, score, share

MOST_SOURCES = 4
_MOST_SCORES = 4


def clock(moment: datetime, zone: str) -> str:
    """An instant to the minute in a zone, whose name or offset follows."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def time_of_day(moment: datetime, zone: str) -> str:
    """The time of day of an instant in a zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def headline(story: StoryRow) -> Span:
    """The headline of a story, in quotation marks, as a link to its first article."""
    span = quoted(story.headline, story.link)
    return replace(span, text=f"“{span.text}”")


def sources_of(story: StoryRow) -> Line:
    """How many sources told a story, and which."""
    if len(story.sources) == 1:
        return line("told by ", quoted(story.sources[0]), " alone")
    shown = ", ".join(story.sources[:MOST_SOURCES])
    more = len(story.sources) - MOST_SOURCES
    return line(
        f"told by {len(story.sources)} sources (", quoted(shown), f" and {more} more)" if more > 0 else ")"
    )


def scores_of(scores: Iterable[PairScore]) -> str:
    """What a story was scored for each pair, and how sure the scorer was."""
    scores = list(scores)
    told = [
        f"{each.pair} {score(each.score)}, {mood(each.score)}, confidence {each.confidence:.2f}{_doubt(each)}"
        for each in sorted(scores, key=lambda each: (-abs(each.score), each.pair))[:_MOST_SCORES]
    ]
    more = f"; {len(scores) - _MOST_SCORES} more pairs" if len(scores) > _MOST_SCORES else ""
    return f"scored {'; '.join(told)}{more}" if told else "not scored for any pair"


def profits(closed: Iterable[Closed]) -> list[Line]:
    """What closed trades earned, a line for each currency."""
    return [
        line(
            f"{count(each.trades, 'trade')} closed, {each.gained:,} with a gain: {amount(each.profit)} {each.currency} "
            f"after fees{_reach(each)}."
        )
        for each in closed
    ]


def exposures(exposure: Iterable[Exposure]) -> list[Line]:
    """The stakes by asset, a line for each."""
    return [
        line(
            f"{each.asset}: {share(each.share)} of all stakes in {each.currency}, {_sides(each)} in "
            f"{count(each.trades, 'trade')}; "
            + ("no price of the last day." if each.gain is None else f"{amount(each.gain)} before fees.")
        )
        for each in exposure
    ]


def count(number: int, name: str) -> str:
    """A number of things: `1 trade`, `2 trades`."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _doubt(scored: PairScore) -> str:
    doubts = [
        word
        for is_so, word in (
            (scored.suspected, "suspicious text"),
            (scored.degraded, "by the fallback scorer"),
            (scored.scope == "market", "news of the whole market"),
        )
        if is_so
    ]
    return f" ({', '.join(doubts)})" if doubts else ""


def _reach(closed: Closed) -> str:
    if closed.best is None or closed.worst is None:
        return ""
    if closed.trades == 1:
        return f" ({percent(closed.best)})"
    return f"; the best {percent(closed.best)}, the worst {percent(closed.worst)}"


def _sides(exposure: Exposure) -> str:
    sides = [
        f"{stake:,.2f} {side}"
        for stake, side in ((exposure.stake_long, "long"), (exposure.stake_short, "short"))
        if stake
    ]
    return " and ".join(sides) or "an unknown stake"
