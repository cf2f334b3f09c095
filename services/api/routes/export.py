"""`/v1/export`: the recorded signals as a CSV, streamed."""

from __future__ import annotations

import itertools
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from services.api.routes.common import Asked, Pair, Since, Until, problems
from services.common.history.queries import SignalFilter
from services.operations.news.stories import names_of
from services.operations.other_programs.signals_csv import signals_csv

router = APIRouter(tags=["for other programs"])
_MEDIA_TYPE = "text/csv; charset=utf-8; header=present"


@router.get(
    "/v1/export",
    responses={**problems(), 200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse,
)
def export(
    asked: Asked,
    pair: Annotated[list[Pair] | None, Query(max_length=50)] = None,
    since: Since = None,
    until: Until = None,
) -> StreamingResponse:
    """All recorded signals with every revision, the oldest first: a sentiment CSV for strategies and backtests."""
    names = tuple(dict.fromkeys(name for each in pair or () for name in names_of(each)))
    lines = signals_csv(asked.history, SignalFilter(pairs=names, since=since, until=until))
    first = [
        next(lines),
        *itertools.islice(lines, 1),
    ]  # a history that is away is an error, not the end of a file
    headers = {"Content-Disposition": 'attachment; filename="signals.csv"'}
    return StreamingResponse(itertools.chain(first, lines), media_type=_MEDIA_TYPE, headers=headers)
