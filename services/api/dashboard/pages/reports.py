"""The page `Reports`: the pages that backtests, studies and evaluations wrote, opened in place."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.api.dashboard.rendering import attempt, render
from services.api.sources import sources
from services.operations.reports import list_reports, reports_folder

router = APIRouter(include_in_schema=False)


@router.get("/reports")
def reports_page(request: Request) -> HTMLResponse:
    """Show the reports, newest first."""
    asked = sources(request)
    folder = reports_folder(asked.settings)
    return render(request, "reports.html.j2", reports=attempt(asked, lambda: list_reports(folder)))


@router.get("/reports/{name}")
def report_page(request: Request, name: str) -> HTMLResponse:
    """Show one report in a frame. The API answers with the report itself, in a sandbox."""
    reports = list_reports(reports_folder(sources(request).settings))
    report = next((each for each in reports if each.name == name), None)
    if report is None:
        return render(
            request,
            "missing.html.j2",
            status=HTTPStatus.NOT_FOUND,
            what="There is no such report",
            advice="Only the newest reports are kept.",
            back="/reports",
            back_name="All reports",
        )
    return render(request, "report.html.j2", report=report)
