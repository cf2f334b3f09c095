"""`/v1/candles`: the recorded candles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.routes.common import Asked, Cursor, Instant, Pair, Since, Until, cursors, problems
from services.common.history.queries import MAX_LIMIT, Page
from services.common.history.rows import CandleRow

router = APIRouter(tags=["trades"])
Timeframe = Annotated[
    str | None, Query(pattern="^[0-9]{1,3}[mhdw]$", description="default: CANDLE_TIMEFRAME")
]
KnownAt = Annotated[Instant | None, Query(description="as known at this instant, without later corrections")]


@router.get("/v1/candles", responses=problems(404), response_model=Page[CandleRow])
def candles(
    request: Request,
    asked: Asked,
    pair: Pair,
    *,
    timeframe: Timeframe = None,
    since: Since = None,
    until: Until = None,
    known_at: KnownAt = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 200,
    cursor: Cursor = None,
) -> Response:
    """Candles of a pair, oldest first, each in its last version."""
    with cursors():
        page = asked.history.candles(
            pair,
            timeframe or asked.settings.candle_timeframe,
            since=since,
            until=until,
            known_at=known_at,
            limit=limit,
            after=cursor,
        )
    return kept_by_client(request, page)
