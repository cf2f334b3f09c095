"""Computes again the prompt with which a language model was asked about an article."""

from __future__ import annotations

import json
from dataclasses import dataclass

from services.common.history.rows import ArticleRow, ScoringRow
from services.operations.answer import Answer
from services.sentiment_analyzer.article.text import text_of
from services.sentiment_analyzer.matching.assets import MARKET, Asset, load_registry
from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION, SYSTEM_PROMPT, user_prompt


@dataclass(frozen=True, slots=True)
class Prompt(Answer):
    """The first request to a language model about an article.

    Attributes:
        instructions: the part that is the same for every article.
        question: the assets and the article.
        missing: why the texts are not known; empty if they are.
    """

    instructions: str
    question: str
    missing: str = ""


def prompt_of(article: ArticleRow | None, scoring: ScoringRow) -> Prompt | None:
    """Return the prompt behind a receipt, computed as the scorer computes it. None if no language model was asked.

    The history keeps no prompts: they follow from the version, the article and the assets, which the answer names.
    """
    if not scoring.latency:
        return None
    if scoring.prompt_version != PROMPT_VERSION:
        return Prompt(
            "",
            "",
            f"it was asked with version {scoring.prompt_version} of the prompt, and this program has only version "
            f"{PROMPT_VERSION}",
        )
    assets = _assets_of(scoring.answer)
    if article is None or not assets:
        lacking = "the article is not recorded" if article is None else "the answer does not name the assets"
        return Prompt("", "", lacking)
    return Prompt(SYSTEM_PROMPT, user_prompt(text_of(article), assets))


def _assets_of(answer: str) -> list[Asset]:
    """The assets that were asked for, which are the keys of the answer; empty if it is not as it was demanded."""
    try:
        scores = json.loads(answer)
    except (ValueError, RecursionError):
        return []
    if not isinstance(scores, dict):
        return []
    registry = load_registry()
    return [MARKET if ticker == MARKET.ticker else registry.asset(ticker) for ticker in scores]
