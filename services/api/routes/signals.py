"""`/v1/signals`: every signal and revision, as the bot could see it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.routes.common import (
    Asked,
    Cursor,
    KindOfNews,
    Limit,
    PairOrNone,
    Score,
    Since,
    Source,
    Until,
    cursors,
    problems,
)
from services.common.history.queries import Page, SignalFilter
from services.common.history.rows import SignalRow
from services.operations.news.stories import names_of

router = APIRouter(tags=["sentiment"])


@router.get("/v1/signals", responses=problems(404), response_model=Page[SignalRow])
def signals(
    request: Request,
    asked: Asked,
    *,
    pair: PairOrNone = None,
    source: Source = None,
    kind: KindOfNews = None,
    score_from: Score = None,
    score_to: Score = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Signals by `available_at`, newest first; those for the asset of a pair count for the pair.

    A page by score may have fewer than `limit`, or none, so read on until `next` is null.
    """
    which = SignalFilter(
        pairs=names_of(pair) if pair else (),
        sources=(source,) if source else (),
        event_types=(kind,) if kind else (),
        least=score_from,
        most=score_to,
        since=since,
        until=until,
    )
    with cursors():
        return kept_by_client(request, asked.history.signals(which, limit=limit, after=cursor))
