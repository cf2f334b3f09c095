"""`/v1/why`: why no trade was opened."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.problems import Problem
from services.api.routes.common import Asked, Instant, Pair, problems
from services.operations.why.not_entered import WhyNot, waiting_for, why_not

router = APIRouter(tags=["trades"])
At = Annotated[Instant | None, Query(description="the moment; without it, the newest candle of the bot")]


@router.get("/v1/why", responses=problems(404), response_model=WhyNot)
def why(request: Request, asked: Asked, pair: Pair, at: At = None) -> Response:
    """Which entry rules were true, which were not, what the news was, and who held entries."""
    now, staleness = asked.now(), timedelta(hours=asked.settings.sentiment_staleness_hours)
    if at is None:
        found = waiting_for(asked.history, pair, now=now, staleness=staleness)
    elif at > now:
        raise Problem(HTTPStatus.NOT_FOUND, "nothing is known yet: `at` is in the future", "future")
    else:
        found = why_not(asked.history, pair, at, now=now, staleness=staleness)
    return kept_by_client(request, found)
