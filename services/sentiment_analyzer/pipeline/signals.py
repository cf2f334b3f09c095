"""From the scores of an article to its signals: one for each pair."""

from __future__ import annotations

from datetime import datetime

from services.common.messages import NewsArticle, SentimentSignal
from services.common.values import Scope, label_of
from services.sentiment_analyzer.article.hostile import Suspicion
from services.sentiment_analyzer.matching.matcher import About, Match
from services.sentiment_analyzer.scorers.port import Scores

SUSPECT_TRUST = 0.5
"""Factor on the confidence where something in the article seems to be meant for a machine."""


def make_signals(
    article: NewsArticle,
    match: Match,
    scores: Scores,
    now: datetime,
    suspicions: frozenset[Suspicion] = frozenset(),
) -> tuple[SentimentSignal, ...]:
    """The signals of an article. A target that the scorer abstained on has none.

    The confidence is the scorer's, scaled by how sure it is that the article bears on the pair, and again if there are
    suspicions: an article that tries to steer a machine is not to be trusted in what it says besides. Its signals are
    degraded, and so are those of a source without weight: nobody is to buy on them. `analyzed_at` is never before the
    article was fetched, even where this machine's clock lags behind the poller's.
    """
    scope = Scope.MARKET if match.about is About.MARKET else Scope.ASSET
    trust = SUSPECT_TRUST if suspicions else 1.0
    warning = f"[suspected {', '.join(sorted(suspicions))}] " if suspicions else ""
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
            confidence=score.confidence * target.certainty * trust,
            rationale=warning + score.rationale,
            scope=scope,
            degraded=scores.degraded or bool(suspicions) or article.weight == 0,
            event_type=score.event_type,
            weight=article.weight,
            owner=article.owner,
            suspected=bool(suspicions),
        )
        for target in match.targets
        if (score := scores.by_ticker.get(target.asset.ticker)) is not None
        for pair in target.pairs
    )


def signal_id(signal: SentimentSignal) -> str:
    """An identity that is the same whenever the same article is scored for the same pair by the same model."""
    return f"{signal.article_id}:{signal.pair}:{signal.model}:{signal.revision}"
