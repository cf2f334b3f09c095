"""The answers of `cryptoboy why`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from services.cli.support.answers import answer_console
from services.cli.views.news import show_stories
from services.operations.news.stories import StoryRow
from services.operations.why.not_entered import WhyNot
from services.operations.why.sentences import time_of
from services.operations.why.trade import TradeWhy


def show_trade(found: TradeWhy) -> None:
    """Print the explanation of a trade, and the news while it was open."""
    _say(found.sentences)
    _show_news("News while it was open:", found.news_while_open)


def show_why_not(found: WhyNot) -> None:
    """Print why no trade was opened, and the news of that time."""
    candle = found.candle
    closed = f"; the last candle closed {time_of(candle.closes)}" if candle else ""
    _say([f"{found.pair} at {time_of(found.at)}{closed}.", *found.sentences])
    _show_news("News that still counted:", found.news)


def _say(sentences: Sequence[str]) -> None:
    console = answer_console()
    for sentence in sentences:
        console.print(Text(sentence))


def _show_news(title: str, stories: Sequence[StoryRow]) -> None:
    if stories:
        answer_console().print(title)
        show_stories(stories)
