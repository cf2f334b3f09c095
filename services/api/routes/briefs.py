"""`/v1/briefs`: the daily and weekly briefs that were sent."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.problems import Problem
from services.api.routes.common import Asked, Cursor, Limit, cursors, problems
from services.common.history.notifying.rows import BriefKind
from services.operations.briefs.kept import Brief, BriefPage, list_briefs, read_brief

router = APIRouter(tags=["reports"])


@router.get("/v1/briefs", responses=problems(404), response_model=BriefPage)
def briefs(
    request: Request, asked: Asked, *, kind: BriefKind | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """The briefs that the notifier sent, newest first."""
    with cursors():
        return kept_by_client(request, list_briefs(asked.history, kind, limit=limit, cursor=cursor))


@router.get("/v1/briefs/{kind}/{day}", responses=problems(404), response_model=Brief)
def brief(request: Request, asked: Asked, kind: BriefKind, day: date) -> Response:
    """The brief of a day as text, in sections, and with the figures that it was written from."""
    found = read_brief(asked.history, kind, day)
    if found is None:
        raise Problem(
            HTTPStatus.NOT_FOUND, f"there is no {kind.value} brief of {day.isoformat()}", "unknown-brief"
        )
    return kept_by_client(request, found)
