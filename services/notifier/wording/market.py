"""What is said about the mood of a pair, entries that news prevents, and prices that somebody asked about."""

from __future__ import annotations

from datetime import datetime

from services.common.text.harmless import harmless
from services.notifier.message import Message
from services.operations.words import minute, mood, plain_name, price, score


def about_mood(pair: str, before: float | None, now: float, signals: int, at: datetime) -> Message:
    """The aggregate of a pair, which has crossed a threshold."""
    was = "there was none before" if before is None else f"it was {mood(before)}, {score(before)}"
    news = "1 signal" if signals == 1 else f"{signals} signals"
    return Message(
        title=f"{harmless(pair, 40)}: the mood is {mood(now)}, {score(now)}",
        lines=(
            f"Aggregate of {news} at {minute(at)}; {was}.",
            f"Receipt: ./cryptoboy sentiment {harmless(pair, 40)}",
        ),
    )


def about_stand_aside(pair: str, event_type: str, article: str) -> Message:
    """A pair for which the bot opens no trades because of a kind of news."""
    return Message(
        title=f"{harmless(pair, 40)}: the bot stands aside after news of a {plain_name(event_type)}",
        lines=(
            "It opens no trades of this pair for the hours that the strategy says.",
            f"Receipt: ./cryptoboy news {harmless(article[:12])}",
        ),
    )


def about_price(pair: str, side: str, limit: float, *, reached: float, at: datetime, by: str) -> Message:
    """A price alert that was reached."""
    return Message(
        title=f"{harmless(pair, 40)} is {side} {price(limit)}: {price(reached)}",
        lines=(f"In the candle that opened at {minute(at)}. Asked for by {harmless(by, 60)}; told once.",),
    )
