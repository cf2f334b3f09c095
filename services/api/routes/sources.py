"""`/v1/sources`: how the sources of news do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.routes.common import Asked, problems
from services.operations.sources import SourcesReport

router = APIRouter(tags=["news"])
Days = Annotated[int, Query(ge=1, le=90, description="the length of the period in days")]


@router.get("/v1/sources", responses=problems(), response_model=SourcesReport)
def sources(request: Request, asked: Asked, days: Days = 7) -> Response:
    """When each source was last seen, its lag, how much it tells, and how often first; a minute old at most."""
    return kept_by_client(request, asked.figures.sources(days))
