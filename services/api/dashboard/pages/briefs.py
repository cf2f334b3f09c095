"""The pages `Briefs` and that of one brief."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.api.dashboard.rendering import attempt, render
from services.api.sources import sources
from services.common.history.notifying.rows import BriefKind
from services.operations.briefs.kept import list_briefs, read_brief

router = APIRouter(include_in_schema=False)


@router.get("/briefs")
def briefs_page(
    request: Request, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> HTMLResponse:
    """Show the briefs that were sent, newest first."""
    asked = sources(request)
    return render(
        request, "briefs.html.j2", briefs=attempt(asked, lambda: list_briefs(asked.history, cursor=cursor))
    )


@router.get("/briefs/{kind}/{day}")
def brief_page(request: Request, kind: BriefKind, day: date) -> HTMLResponse:
    """Show one brief."""
    asked = sources(request)
    found = attempt(asked, lambda: read_brief(asked.history, kind, day))
    if found.value is None:
        return render(
            request,
            "missing.html.j2",
            status=HTTPStatus.NOT_FOUND,
            what=f"There is no {kind.value} brief of {day.isoformat()}",
            advice=found.problem or "The notifier keeps those that it sent.",
            back="/briefs",
            back_name="All briefs",
        )
    return render(request, "brief.html.j2", brief=found.value)
