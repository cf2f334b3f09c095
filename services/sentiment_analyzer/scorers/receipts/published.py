"""Finds the receipt of an article and brings it into the form of the message `news.scored`."""

from __future__ import annotations

import json
from dataclasses import asdict

from services.common.messages import ScoringReceipt
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt, Receipts

MOST_ANSWER_CHARS = 20_000


def receipt_of(receipts: Receipts, model: str, article_id: str, *, degraded: bool) -> ScoringReceipt | None:
    """Return the newest receipt of an article that a scorer with this model made.

    Args:
        receipts: the store of receipts.
        model: the model of the configured scorer.
        article_id: the id of the article.
        degraded: whether a fallback scored the article, so that the receipt is of another model.

    Returns:
        None if no such receipt was kept, as of an ensemble without one of its members.

    Raises:
        TryLater, StopProgram: as `Receipts` raises them.
    """
    found = [each for each in receipts.of_article(article_id) if (each.key.model != model) == degraded]
    return _published(found[-1]) if found else None


def _published(receipt: Receipt) -> ScoringReceipt:
    answers = "\n".join(usage.answer for usage in receipt.usage) if receipt.usage else _scores(receipt)
    return ScoringReceipt(
        model=receipt.key.model,
        digest=receipt.key.digest[:2_000],
        prompt_version=receipt.key.prompt,
        answer=answers[:MOST_ANSWER_CHARS],
        tokens=sum(usage.prompt_tokens + usage.answer_tokens for usage in receipt.usage),
        latency=sum(usage.seconds for usage in receipt.usage),
    )


def _scores(receipt: Receipt) -> str:
    return (
        json.dumps({ticker: asdict(score) for ticker, score in receipt.scores.items()})
        if receipt.scores
        else ""
    )
