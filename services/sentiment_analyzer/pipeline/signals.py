"""Turns the scores of an article into its signals, one for each pair."""

from __future__ import annotations

from datetime import datetime

from services.common.messages import NewsArticle, SentimentSignal
from services.common.values import Scope, label_of
from services.sentiment_analyzer.article.hostile import Suspicion
from services.sentiment_analyzer.matching.matcher import About, Match
from services.sentiment_analyzer.scorers.port import Scores

SUSPECT_TRUST = 0.5
"""The factor on the confidence if something in the article seems to be meant to steer a language model."""


def make_signals(
    article: NewsArticle,
    match: Match,
    scores: Scores,
    now: datetime,
    suspicions: frozenset[Suspicion] = frozenset(),
) -> tuple[SentimentSignal, ...]:
    """Make the signals of an article. A target on which the scorer abstained has no signal.

    The confidence of a signal is the scorer's confidence multiplied by the certainty that the article is about the
    pair. If there are suspicions, the confidence is reduced further, because the other statements of an article that
    tries to steer a language model cannot be trusted. The signals of such an article, and those of a source without
    weight, are degraded, because nobody should buy on them. `analyzed_at` is never before the time when the article
    was fetched, even if the clock of this machine is behind the poller's.
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
    """Return an id that is the same whenever the same model scores the same article for the same pair."""
    return f"{signal.article_id}:{signal.pair}:{signal.model}:{signal.revision}"
