"""From the scores of an article to its signals: one for each pair."""

from __future__ import annotations

from datetime import datetime

from services.common.messages import NewsArticle, SentimentSignal
from services.common.values import Scope, label_of
from services.sentiment_analyzer.asset_matching import About, Match
from services.sentiment_analyzer.scorer import Scores


def make_signals(
    article: NewsArticle, match: Match, scores: Scores, now: datetime
) -> tuple[SentimentSignal, ...]:
    """The signals of an article. A target that the scorer abstained on has none.

    The confidence is the scorer's, scaled by how sure it is that the article bears on the pair. `analyzed_at`
    is never before the article was fetched, even where this machine's clock lags behind the poller's.
    """
    scope = Scope.MARKET if match.about is About.MARKET else Scope.ASSET
    analyzed_at = max(now, article.fetched_at)
    return tuple(
        SentimentSignal(
            article_id=article.article_id,
            pair=pair,
            source=article.source,
            headline=article.title,
            sentiment_score=score.score,
            sentiment_label=label_of(score.score),
            published=article.published,
            analyzed_at=analyzed_at,
            model=scores.model,
            confidence=score.confidence * target.certainty,
            rationale=score.rationale,
            scope=scope,
            degraded=scores.degraded,
            event_type=score.event_type,
        )
        for target in match.targets
        if (score := scores.by_ticker.get(target.asset.ticker)) is not None
        for pair in target.pairs
    )


def signal_id(signal: SentimentSignal) -> str:
    """An identity that is the same whenever the same article is scored for the same pair by the same model."""
    return f"{signal.article_id}:{signal.pair}:{signal.model}:{signal.revision}"
