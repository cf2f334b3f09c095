"""All pages and their files, as one router."""

from __future__ import annotations

from fastapi import APIRouter

from services.api.dashboard import static_files
from services.api.dashboard.pages import briefs, news, now, reports, scores, sources, state, trades

router = APIRouter(include_in_schema=False)
for each in (static_files, now, news, trades, scores, sources, state, briefs, reports):
    router.include_router(each.router)
