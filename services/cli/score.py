"""`cryptoboy score`: what the pipeline would make of a headline, or what it made of an article and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Column, Table
from rich.text import Text

from services.cli.support.answers import answer_console
from services.cli.support.options import OF_SCORING, SCORER_HINT, Json, next_step, settings_for
from services.common.errors import StopProgram
from services.common.settings.settings import Fallback, ScorerKind, Settings

if TYPE_CHECKING:
    from services.sentiment_analyzer.pipeline.score_article import Judgement


def score(
    title: Annotated[str, typer.Argument(help="The headline.")] = "",
    text: Annotated[str, typer.Option(help="The article's text.")] = "",
    scorer: Annotated[ScorerKind | None, typer.Option(help="Who scores. Default: as `up`.")] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Show the receipts of an article that was scored: its article_id or the beginning of it, as in "
            "`sentiment --json`, which logs call trace_id; or a signal's message id, as in `queues dlq list`.",
        ),
    ] = None,
    json_output: Json = False,
) -> None:
    """Match a headline to the traded pairs and score it, or show the receipts of an article. Nothing is published.

    Examples: ./cryptoboy score "Bitcoin surges as ETF inflows hit a record" --scorer lexicon;
    ./cryptoboy score --explain 5f0c6f3a21
    """
    settings = settings_for(uses=OF_SCORING)
    if explain is not None:
        if title or text or scorer is not None:
            raise StopProgram("--explain shows what was scored before: give it the ID alone")
        from services.cli.views.score_explain import explain_article

        explain_article(settings, explain, json_output=json_output)
        return
    if not title.strip():
        raise StopProgram(
            'give a headline, for example: ./cryptoboy score "Bitcoin falls after exchange hack"'
        )
    judgement = _judge(settings, title, text, scorer)
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
    elif not judgement.signals:
        print(f"No signal ({judgement.outcome.value}): {judgement.reason}.")
    else:
        _print(judgement)


def _judge(settings: Settings, title: str, text: str, scorer: ScorerKind | None) -> Judgement:
    from services.common.messages import NewsArticle
    from services.common.text.hidden_text import reorders
    from services.sentiment_analyzer.matching.assets import load_registry
    from services.sentiment_analyzer.matching.matcher import AssetMatcher
    from services.sentiment_analyzer.pipeline.score_article import judge_article
    from services.sentiment_analyzer.scorers.build import build_scorer

    # Who asks wants to know what this scorer says, or that it is away.
    settings = settings.changed(
        sentiment_scorer=scorer or settings.sentiment_scorer, sentiment_fallback=Fallback.WAIT
    )
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
    chosen = build_scorer(settings)
    try:
        with next_step(SCORER_HINT):
            chosen.check()
            matcher = AssetMatcher(load_registry(), settings.trading_pairs)
            return judge_article(article, matcher, chosen, now)
    finally:
        chosen.close()


def _print(judgement: Judgement) -> None:
    columns = ("pair", "score", "label", "confidence", "scope", "kind", Column("model", overflow="fold"))
    table = Table(*columns, box=SIMPLE, padding=(0, 1, 0, 0))
    for signal in judgement.signals:
        table.add_row(
            signal.pair,
            f"{signal.sentiment_score:+.2f}",
            signal.sentiment_label.value,
            f"{signal.confidence:.2f}",
            signal.scope.value,
            signal.event_type.value,
            Text(signal.model),
        )
    console = answer_console()
    console.print(table)
    pairs_by_reason: dict[str, list[str]] = {}
    for signal in judgement.signals:
        pairs_by_reason.setdefault(signal.rationale, []).append(signal.pair)
    for reason, pairs in pairs_by_reason.items():
        console.print(Text(f" {', '.join(pairs)}: {reason}"))
