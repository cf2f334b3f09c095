"""`/v1/reports`: the pages that backtests, studies and evaluations wrote."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.problems import Problem
from services.api.routes.common import Asked, problems
from services.common.errors import NeverWorks
from services.operations.reports import Report, list_reports, read_report, reports_folder

router = APIRouter(tags=["reports"])
# A report carries its own scripts. In a sandbox they have no origin, so they reach neither the API nor its cookie.
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; frame-ancestors 'self'"
)


@router.get("/v1/reports", responses=problems(), response_model=dict[str, list[Report]])
def reports(request: Request, asked: Asked) -> Response:
    """The reports that are kept, newest first, at most 50."""
    return kept_by_client(request, {"reports": list_reports(reports_folder(asked.settings))})


@router.get(
    "/v1/reports/{name}",
    responses={**problems(404), 200: {"content": {"text/html": {}}}},
    response_class=Response,
)
def report(asked: Asked, name: Annotated[str, Path(max_length=130)]) -> Response:
    """The page of one report."""
    try:
        page = read_report(reports_folder(asked.settings), name)
    except NeverWorks as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error), "unknown-report") from error
    headers = {"Content-Security-Policy": _SANDBOX, "X-Frame-Options": "SAMEORIGIN"}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)
