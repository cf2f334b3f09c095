"""The pages `News` and that of one story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from services.api.dashboard.candles import read_candles
from services.api.dashboard.charts import price_figure, price_label
from services.api.dashboard.rendering import attempt, render
from services.api.sources import Sources, sources
from services.common.history.rows import CandleRow
from services.common.values import EventType
from services.operations.news.stories import StoryFilter, StoryPage, list_stories
from services.operations.news.story import Story, open_story

router = APIRouter(include_in_schema=False)
_HORIZONS = ("1h", "4h", "24h", "now")
_BEFORE, _AFTER = timedelta(hours=6), timedelta(hours=24)
_LIMIT = 40
_SCORE = r"^(-?(0|1|0?\.\d{1,3}|1\.0{1,3}))?$"


class Asked(BaseModel):
    """What the form of the page sends; an empty field selects all."""

    pair: str = Field("", max_length=40)
    source: str = Field("", max_length=64)
    kind: str = Field("", max_length=40)
    score_from: str = Field("", pattern=_SCORE)
    score_to: str = Field("", pattern=_SCORE)
    cursor: str | None = Field(None, max_length=400)

    def filter(self) -> StoryFilter:
        """The stories that were asked for."""
        return StoryFilter(
            pair=self.pair or None,
            source=self.source or None,
            kind=self.kind or None,
            score_from=float(self.score_from) if self.score_from else None,
            score_to=float(self.score_to) if self.score_to else None,
        )


@router.get("/news")
def news_page(request: Request, form: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show the stories that a filter selects, newest first."""
    asked = sources(request)
    wanted = form.filter()
    stories = attempt(asked, lambda: list_stories(asked.history, wanted, limit=_LIMIT, cursor=form.cursor))
    return render(
        request,
        "news.html.j2",
        stories=stories,
        filter=form.model_dump(exclude={"cursor"}),
        is_filtered=wanted != StoryFilter(),
        choices=_choices(asked, stories.value, form),
    )


def _choices(asked: Sources, page: StoryPage | None, form: Asked) -> dict[str, Sequence[str]]:
    """What can be chosen: the pairs, the sources of the stories that are shown, and what is chosen already."""
    told = {name for story in (page.stories if page else ()) for name in story.sources}
    return {
        "pairs": list(dict.fromkeys(filter(None, [*asked.settings.trading_pairs, form.pair]))),
        "sources": sorted(filter(None, {*told, form.source})),
        "kinds": [each.value for each in EventType],
    }


@router.get("/news/{identity}")
def story_page(request: Request, identity: str) -> HTMLResponse:
    """Show one story with everything that is known of it."""
    asked = sources(request)
    now = asked.now()
    found = attempt(asked, lambda: open_story(asked.history, identity, now))
    if found.value is None:
        return render(
            request,
            "missing.html.j2",
            status=HTTPStatus.NOT_FOUND,
            what="There is no such story",
            advice=found.problem
            or "It may have been removed from the history, which is kept for a limited time.",
            back="/news",
            back_name="All news",
        )
    story = found.value
    pair, candles = _candles_around(asked, story, now)
    return render(
        request,
        "story.html.j2",
        story=story,
        horizons=_HORIZONS,
        figure=price_figure(candles, [story.row], (), pair),
        chart_label=price_label(candles, [story.row], pair),
    )


def _candles_around(asked: Sources, story: Story, now: datetime) -> tuple[str, tuple[CandleRow, ...]]:
    """The candles around the story of the pair that it says most about."""
    if not story.row.scores:
        return "", ()
    pair = max(story.row.scores, key=lambda each: abs(each.score)).pair
    since = story.row.first_seen - _BEFORE
    until = min(now, story.row.first_seen + _AFTER)
    timeframe = asked.settings.candle_timeframe
    found = attempt(asked, lambda: read_candles(asked.history, pair, timeframe, since, until))
    return pair, found.value or ()
