"""What the page `Now` shows of a pair and of an open trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.common.history.rows import CandleRow
from services.common.store.current import published_at
from services.common.values import asset_of
from services.operations.news.stories import StoryRow, names_of
from services.operations.sentiment import PairSentiment, mood_of
from services.operations.trades import Trade
from services.operations.why.not_entered import WhyNot


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair in one line.

    Attributes:
        mood: the aggregate; without one, the newest score if the bot uses it.
        state: `fresh`, or why the bot does not use the newest score; empty if there is none.
        price: the close of the last candle.
        change: of the price since the first of the candles, in percent.
        change_seconds: the time of the change.
    """

    pair: str
    mood: float | None = None
    score: float | None = None
    aggregate: float | None = None
    aggregate_note: str = ""
    state: str = ""
    headline: str = ""
    source: str = ""
    article_id: str = ""
    published: datetime | None = None
    price: float | None = None
    change: float | None = None
    change_seconds: float | None = None

    @property
    def mood_from(self) -> str:
        """What the mood is that of: the aggregate or the newest score; empty without a mood."""
        if self.mood is None:
            return ""
        return "newest score" if self.aggregate is None else "aggregate"

    @property
    def slug(self) -> str:
        """The pair as a part of an element's id."""
        return self.pair.replace("/", "-").replace(":", "-").lower()

    @property
    def asset(self) -> str:
        """What the pair's news are about."""
        return asset_of(self.pair)


@dataclass(frozen=True, slots=True)
class ScoredStory:
    """A story with its score for a pair."""

    article_id: str
    headline: str
    source: str
    known: datetime
    score: float


@dataclass(frozen=True, slots=True)
class PairCard:
    """A pair with the news behind its mood, the strongest first, its chart and what the bot waits for.

    `figure` is JSON, and empty without candles.
    """

    view: PairView
    news: tuple[ScoredStory, ...]
    waiting: WhyNot | None
    figure: str
    chart_label: str


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """An open trade with the last price of its pair; None if it is unknown."""

    trade: Trade
    price: float | None

    @property
    def change(self) -> float | None:
        """Percent since the entry, positive if the trade gains."""
        if self.price is None or not self.trade.open_rate:
            return None
        moved = (self.price / self.trade.open_rate - 1) * 100
        return -moved if self.trade.side == "short" else moved


def scored_stories(stories: Sequence[StoryRow], pair: str, since: datetime) -> tuple[ScoredStory, ...]:
    """Those of the stories that count for the mood of a pair, the strongest first: scored since then, not suspected."""
    names = names_of(pair)
    counting = (
        ScoredStory(story.article_id, story.headline, story.source, found.available_at, found.score)
        for story in stories
        if (found := next((each for each in story.scores if each.pair in names), None))
        and not found.suspected
        and found.available_at >= since
    )
    return tuple(sorted(counting, key=lambda each: -abs(each.score)))


def pair_view(pair: str, found: PairSentiment | None, candles: Sequence[CandleRow]) -> PairView:
    """Put a pair's sentiment and its candles of the last day together."""
    price = candles[-1].close if candles else None
    change = (candles[-1].close / candles[0].open - 1) * 100 if candles else None
    seconds = (candles[-1].collected - candles[0].opened).total_seconds() if candles else None
    if found is None:
        return PairView(pair, price=price, change=change, change_seconds=seconds)
    aggregate = found.aggregate
    count = f"{aggregate.signals} signal{'' if aggregate.signals == 1 else 's'}"
    return PairView(
        pair,
        mood=mood_of(found),
        score=found.score,
        aggregate=aggregate.score,
        aggregate_note=count if aggregate.state == "fresh" else f"{aggregate.state}, {count}",
        state=found.state,
        headline=found.headline,
        source=found.source,
        article_id=found.fields.get("article_id", ""),
        published=published_at(found.fields),
        price=price,
        change=change,
        change_seconds=seconds,
    )
