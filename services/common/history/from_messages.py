"""Makes rows of the history from the messages of the pipeline."""

from __future__ import annotations

from datetime import datetime

from services.common.history.rows import ArticleRow, CandleRow, SignalRow
from services.common.messages import MarketData, NewsArticle, SentimentSignal


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
