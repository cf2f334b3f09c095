"""`/v1/sentiment`: the sentiment of pairs as the strategy sees it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.api.answers import JsonAnswer
from services.api.routes.common import Asked, Pair, problems
from services.operations.sentiment import read_sentiment

router = APIRouter(tags=["sentiment"])


@router.get("/v1/sentiment", responses=problems(), response_model=dict[str, Any])
def sentiment(asked: Asked, pair: Annotated[list[Pair] | None, Query(max_length=50)] = None) -> JsonAnswer:
    """Score, label, age, headline and aggregate of each pair (default: TRADING_PAIRS), and whether entries are open."""
    pairs = pair or list(asked.settings.trading_pairs)
    with asked.store() as store:
        return JsonAnswer(read_sentiment(store, asked.settings, pairs, asked.now()))
