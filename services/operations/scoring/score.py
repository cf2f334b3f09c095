"""Scores a headline as the pipeline would. Nothing is published or stored."""

from __future__ import annotations

from datetime import UTC, datetime

from services.common.messages import NewsArticle
from services.common.settings.settings import Fallback, Settings
from services.common.text.hidden_text import reorders
from services.operations.scoring.connection import answering_scorer
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import Judgement
from services.sentiment_analyzer.pipeline.process_article import judge_article


def score_headline(settings: Settings, title: str, text: str = "") -> Judgement:
    """Match a headline to the traded pairs of the settings, and score it with the scorer of the settings.

    No fallback scorer is used: the caller needs the answer of this scorer, or an error if there is none.

    Raises:
        TryLater, StopProgram: the scorer cannot be asked.
    """
    now = datetime.now(UTC)
    article = NewsArticle(
        article_id="command-line",
        source="command-line",
        title=title,
        link="",
        summary=text,
        published=now,
        fetched_at=now,
        hidden_text=reorders(f"{title}{text}"),
    )
    matcher = AssetMatcher(load_registry(), settings.trading_pairs)
    with answering_scorer(settings.changed(sentiment_fallback=Fallback.WAIT)) as scorer:
        return judge_article(article, matcher, scorer, now)
