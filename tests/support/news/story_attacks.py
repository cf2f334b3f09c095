"""A day of news that is judged as live news is, with what the strategy reads and decides of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from services.common.messages import NewsArticle, SentimentSignal
from services.research.evaluate.decisions import Decision, decide
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import Judgement
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from services.sentiment_analyzer.scorers.port import Scorer
from services.sentiment_analyzer.stories.stories import Stories

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAIR = "BTC/USDT"
_MATCHER = AssetMatcher(load_registry(), (PAIR, "ETH/USDT"))


def telling(
    source: str, title: str, minute: float = 0.0, *, body: str = "", owner: str = "", link: str = ""
) -> NewsArticle:
    """An article that is published, and fetched, so many minutes after noon."""
    moment = NOON + timedelta(minutes=minute)
    return NewsArticle(
        article_id=f"{source}-{link or minute}",
        source=source,
        title=title,
        link=f"https://{source}.example/{link or minute}",
        summary=body,
        published=moment,
        fetched_at=moment,
        owner=owner,
    )


class Day:
    """Judges articles as they come, and keeps what was published of them."""

    def __init__(self, stories: Stories | None = None, scorer: Scorer | None = None) -> None:
        self.stories = stories or Stories()
        self.scorer = scorer or LexiconScorer()
        self.published: list[tuple[datetime, SentimentSignal]] = []

    def hear(self, article: NewsArticle) -> Judgement:
        """Judge an article at the moment when it was fetched."""
        now = article.fetched_at
        judged = judge_article(article, _MATCHER, self.scorer, now, stories=self.stories)
        self.published += [(now, signal) for signal in judged.signals]
        return judged

    def hear_all(self, articles: Iterable[NewsArticle]) -> list[Judgement]:
        """Judge one after the other."""
        return [self.hear(article) for article in articles]

    def standing(self, pair: str = PAIR) -> Mapping[str, SentimentSignal]:
        """The highest revision of each article's signal."""
        found: dict[str, SentimentSignal] = {}
        for _, signal in self.published:
            known = found.get(signal.article_id)
            if signal.pair == pair and (known is None or signal.revision > known.revision):
                found[signal.article_id] = signal
        return found

    def decision(self, minute: float, pair: str = PAIR) -> Decision:
        """What the strategy decides on a candle that closes so many minutes after noon."""
        return decide(self.published, pair, NOON + timedelta(minutes=minute))
