"""Generates articles and signals of realistic size; the same seed gives the same result."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from services.common.messages import NewsArticle, SentimentSignal
from services.common.values import label_of

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
_SUBJECTS = {"BTC/USDT": "Bitcoin", "ETH/USDT": "Ethereum", "BNB/USDT": "BNB"}
_EVENTS = (
    "climbs as funds report record inflows",
    "slides after an exchange halts withdrawals",
    "holds steady while traders wait for the central bank",
    "jumps on news of a wider adoption by payment firms",
    "drops as a regulator opens an inquiry",
)
_VERBS = ("surges", "climbs", "soars", "slides", "crashes", "drops")
_BODY = (
    "Traders pointed to thin order books and to a run of large transfers seen through the night. "
    "Analysts were divided on whether the move would last beyond the week. "
)
_SYLLABLES = [consonant + vowel for consonant in "fgklmnrstv" for vowel in "aeo"]


def signals(
    count: int, now: datetime, pairs: Sequence[str] = PAIRS, first: int = 0
) -> Iterator[SentimentSignal]:
    """Signals of different articles, for each pair in turn, published one second apart until shortly before `now`."""
    numbers = random.Random(first)
    for number in range(first, first + count):
        published = now - timedelta(seconds=first + count - number)
        score = round(numbers.uniform(-1, 1), 3)
        pair = pairs[number % len(pairs)]
        yield SentimentSignal(
            article_id=f"bench-{number:08d}",
            pair=pair,
            source="bench",
            headline=f"{_SUBJECTS.get(pair, pair)} {_EVENTS[number % len(_EVENTS)]}",
            sentiment_score=score,
            sentiment_label=label_of(score),
            published=published,
            analyzed_at=published,
            model="bench-1",
            confidence=0.8,
            rationale="a made-up reason of some forty letters",
        )


def article(number: int, now: datetime) -> NewsArticle:
    """An article about exactly one of `PAIRS`; nearly all its words are unique, so no other tells its story."""
    pair = PAIRS[number % len(PAIRS)]
    numbers = random.Random(number)
    words = ["".join(numbers.choices(_SYLLABLES, k=numbers.randint(2, 4))) for _ in range(90)]
    verb = numbers.choice(_VERBS)
    return NewsArticle(
        article_id=f"bench-{number:08d}",
        source="bench",
        title=f"{_SUBJECTS[pair]} {verb} {' '.join(words[:8])}",
        link=f"https://news.invalid/{number}",
        summary=f"{' '.join(words[8:50])} {_SUBJECTS[pair]} {verb}.",
        content=f"{' '.join(words[50:])}. {_BODY * 3}",
        published=now,
        fetched_at=now,
    )
