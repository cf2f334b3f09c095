"""`cryptoboy score`: scores a headline as the pipeline would, or explains the score of an article."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import OF_SCORING, Json, settings_for
from services.common.errors import StopProgram
from services.common.settings.settings import ScorerKind


def score(
    title: Annotated[str, typer.Argument(help="The headline.")] = "",
    text: Annotated[str, typer.Option(help="The article's text.")] = "",
    scorer: Annotated[ScorerKind | None, typer.Option(help="The scorer. Default: as `up`.")] = None,
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
    from services.cli.views.score import show_explanation, show_judgement
    from services.operations.scoring.explain import explain as explain_article
    from services.operations.scoring.score import score_headline

    settings = settings_for(uses=OF_SCORING)
    if explain is not None:
        if title or text or scorer is not None:
            raise StopProgram("--explain shows what was scored before: give it the ID alone")
        explanation = explain_article(settings.state_dir, explain)
        if json_output:
            print_json(explanation.as_json())
        else:
            show_explanation(explanation)
        return
    if not title.strip():
        raise StopProgram(
            'give a headline, for example: ./cryptoboy score "Bitcoin falls after exchange hack"'
        )
    judgement = score_headline(
        settings.changed(sentiment_scorer=scorer or settings.sentiment_scorer), title, text
    )
    if json_output:
        signals = [json.loads(signal.encode()) for signal in judgement.signals]
        print_json({"outcome": judgement.outcome, "reason": judgement.reason, "signals": signals})
    else:
        show_judgement(judgement)
