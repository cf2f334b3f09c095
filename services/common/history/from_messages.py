"""Makes rows of the history from the messages of the pipeline."""

from __future__ import annotations

from datetime import datetime

from services.common.history.rows import ArticleRow, CandleRow, ScoringRow, SignalRow
from services.common.messages import MarketData, NewsArticle, NewsScored, SentimentSignal

_MOST_TOKENS = 2**53
"""A larger number of tokens is no count; databases have no numbers of any size."""


def article_row(article: NewsArticle, recorded: datetime) -> ArticleRow:
    """Return the row of an article."""
    return ArticleRow(
        article_id=article.article_id,
        source=article.source,
        owner=article.owner,
        title=article.title,
        link=article.link,
        summary=article.summary,
        content=article.content,
        published=article.published,
        fetched=article.fetched_at,
        weight=article.weight,
        hidden_text=article.hidden_text,
        recorded=recorded,
    )


def scoring_row(scored: NewsScored, recorded: datetime) -> ScoringRow:
    """Return the row of the end of an article's processing."""
    receipt = scored.receipt
    return ScoringRow(
        article_id=scored.article_id,
        outcome=scored.outcome,
        reason=scored.reason,
        story=scored.story,
        suspicions=scored.suspicions,
        model=receipt.model if receipt else "",
        digest=receipt.digest if receipt else "",
        prompt_version=receipt.prompt_version if receipt else None,
        answer=receipt.answer if receipt else "",
        tokens=min(receipt.tokens, _MOST_TOKENS) if receipt else None,
        latency=receipt.latency if receipt else None,
        scored=scored.scored_at,
        recorded=recorded,
    )


def signal_row(signal: SentimentSignal, recorded: datetime) -> SignalRow:
    """Return the row of a signal from the store.

    Raises:
        ValueError: the signal was not stored yet, so nobody knows when it is available.
    """
    if signal.available_at is None:
        raise ValueError("a signal without available_at was never in the store")
    return SignalRow(
        article_id=signal.article_id,
        pair=signal.pair,
        model=signal.model,
        revision=signal.revision,
        source=signal.source,
        headline=signal.headline,
        sentiment_score=signal.sentiment_score,
        sentiment_label=signal.sentiment_label.value,
        published=signal.published,
        analyzed_at=signal.analyzed_at,
        available_at=signal.available_at,
        recorded=recorded,
        confidence=signal.confidence,
        rationale=signal.rationale,
        scope=signal.scope.value,
        degraded=signal.degraded,
        event_type=signal.event_type.value,
        corroboration=signal.corroboration,
        weight=signal.weight,
        owner=signal.owner,
        suspected=signal.suspected,
    )


def candle_row(candle: MarketData, recorded: datetime) -> CandleRow:
    """Return the row of a candle."""
    return CandleRow(
        symbol=candle.symbol,
        timeframe=candle.timeframe,
        opened=candle.timestamp,
        open=candle.data.open,
        high=candle.data.high,
        low=candle.data.low,
        close=candle.data.close,
        volume=candle.data.volume,
        collected=candle.collected_at,
        recorded=recorded,
    )
