"""`cryptoboy score`: what the pipeline would make of a headline, without publishing anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.options import Json
from services.common.errors import StopProgram
from services.common.settings import ScorerKind, Settings


def score(
    title: Annotated[str, typer.Argument(help="The headline.")],
    text: Annotated[str, typer.Option(help="The article's text.")] = "",
    scorer: Annotated[
        ScorerKind | None, typer.Option(help="Who scores: lexicon or ollama. Default: SENTIMENT_SCORER.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Match a headline to the traded pairs and score it. Nothing is published.

    Example: ./cryptoboy score "Bitcoin surges as ETF inflows hit a record" --scorer lexicon
    """
    from services.common.messages import NewsArticle
    from services.sentiment_analyzer.asset_matching import AssetMatcher
    from services.sentiment_analyzer.assets import load_registry
    from services.sentiment_analyzer.scorers import build_scorer
    from services.sentiment_analyzer.scoring import judge_article

    if not title.strip():
        raise StopProgram(
            'give a headline, for example: ./cryptoboy score "Bitcoin falls after exchange hack"'
        )
    settings = Settings.load()
    if scorer is not None:
        settings = settings.changed(sentiment_scorer=scorer)
    now = datetime.now(UTC)
    article = NewsArticle(
        article_id="command-line",
        source="command-line",
        title=title,
        link="",
        summary=text,
        published=now,
        fetched_at=now,
    )
    chosen = build_scorer(settings)
    try:
        chosen.check()
        judgement = judge_article(article, AssetMatcher(load_registry(), settings.trading_pairs), chosen, now)
    finally:
        chosen.close()
    if json_output:
        print(
            json.dumps(
                {
                    "outcome": judgement.outcome.value,
                    "reason": judgement.reason,
                    "signals": [json.loads(signal.encode()) for signal in judgement.signals],
                }
            )
        )
        return
    if not judgement.signals:
        print(f"No signal ({judgement.outcome.value}): {judgement.reason}.")
        return
    table = Table("pair", "score", "label", "confidence", "scope", "model", "why")
    for signal in judgement.signals:
        table.add_row(
            signal.pair,
            f"{signal.sentiment_score:+.2f}",
            signal.sentiment_label.value,
            f"{signal.confidence:.2f}",
            signal.scope.value,
            signal.model,
            Text(signal.rationale),
        )
    Console().print(table)
