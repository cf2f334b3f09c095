"""Puts texts of our own in the place of an archive's after it was scored, so that only figures of it are shown."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from string import ascii_lowercase

from services.common.messages import SentimentSignal
from services.common.values import EventType, asset_of
from services.research.history.scoring.article_scoring import ArticleResult

Record = Callable[[Sequence[ArticleResult]], None]
_HEADLINES = Path(__file__).with_name("headlines.toml")
NOT_SCORED = "A look at the week"
_NAMES = {"BTC": "Bitcoin", "ETH": "Ether", "BNB": "BNB"}


class Replaced:
    """Holds results back, and passes them on with ids, sources, links and headlines of our own.

    A story keeps one headline, which fits the kind of its newest signal, as lists show it.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._headlines = tomllib.loads(_HEADLINES.read_text())
        self._held: list[ArticleResult] = []
        self._ids: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._used: Counter[str] = Counter()

    def __call__(self, results: Sequence[ArticleResult]) -> None:
        """Take the results of one step of scoring."""
        self._held += results

    def finish(self) -> None:
        """Pass all results on."""
        story_of = {result.article.article_id: _story(result) for result in self._held}
        known = {result.article.article_id: result.article.known_at for result in self._held}
        newest: dict[str, dict[str, SentimentSignal]] = defaultdict(dict)
        kinds: dict[str, EventType] = {}
        told = [(result.article.known_at, signal) for result in self._held for signal in result.signals]

        def order(each: tuple[datetime, SentimentSignal]) -> tuple[datetime, int, datetime, str]:
            """The order of `gather`: many articles of an archive are known at the same instant."""
            at, signal = each
            return at, signal.revision, known.get(signal.article_id, at), self._id(signal.article_id)

        for _, signal in sorted(told, key=order):
            story = story_of[signal.article_id]
            newest[story][signal.pair] = signal
            kinds[story] = signal.event_type
        titles = {
            story: self._headline(
                max(signals.values(), key=lambda each: abs(each.sentiment_score)), kinds[story]
            )
            for story, signals in newest.items()
            if signals
        }
        self._record([self._one(result, titles.get(_story(result), NOT_SCORED)) for result in self._held])

    def _one(self, result: ArticleResult, title: str) -> ArticleResult:
        article, source = result.article, self._source(result.article.source)
        number = self._id(article.article_id)
        ours = article._replace(
            article_id=number,
            title=title,
            source=source,
            link=f"https://{source}.example/{number[:8]}",
            summary="",
            content="",
        )
        signals = tuple(self._signal(signal, title, source) for signal in result.signals)
        story = self._id(result.story) if result.story else ""
        return result._replace(article=ours, signals=signals, story=story, reason="")

    def _signal(self, signal: SentimentSignal, title: str, source: str) -> SentimentSignal:
        ours = {"article_id": self._id(signal.article_id), "headline": title, "source": source}
        return signal.model_copy(update={**ours, "owner": "", "rationale": ""})

    def _id(self, article_id: str) -> str:
        number = len(self._ids)
        return self._ids.setdefault(article_id, hashlib.sha256(f"example {number}".encode()).hexdigest()[:32])

    def _source(self, name: str) -> str:
        number = len(self._sources)
        letters = len(ascii_lowercase)
        further = str(number // letters + 1) if number >= letters else ""
        return self._sources.setdefault(name, f"wire-{ascii_lowercase[number % letters]}{further}")

    def _headline(self, strongest: SentimentSignal, kind: EventType) -> str:
        direction = "up" if strongest.sentiment_score >= 0 else "down"
        choice: list[str] = self._headlines[kind.value][direction]
        asset = asset_of(strongest.pair)
        key = f"{kind.value} {direction} {asset}"
        self._used[key] += 1
        return choice[self._used[key] % len(choice)].format(asset=_NAMES.get(asset, asset))


def _story(result: ArticleResult) -> str:
    return result.story or result.article.article_id
