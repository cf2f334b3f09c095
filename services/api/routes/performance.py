"""`/v1/performance`: how the scores did."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.problems import Problem
from services.api.routes.common import Asked, PairOrNone, Since, Until, problems
from services.history_recorder.performance.report import Performance

router = APIRouter(tags=["sentiment"])


@router.get("/v1/performance", responses=problems(404), response_model=Performance)
def performance(
    request: Request, asked: Asked, *, pair: PairOrNone = None, since: Since = None, until: Until = None
) -> Response:
    """Returns 1, 4 and 24 hours after signals, with intervals, counts and a control; without a period of 30 days.

    Without `pair`, `since` and `until` the recorder has measured it beforehand, at `computed`.
    """
    if since is not None and since >= min(until or asked.now(), asked.now()):
        raise Problem(HTTPStatus.NOT_FOUND, "the period from `since` to `until` is empty", "empty-period")
    return kept_by_client(request, asked.figures.performance(pair, since, until))
