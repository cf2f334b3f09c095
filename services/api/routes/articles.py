"""`/v1/articles`: the stories of the news, and one story with its receipts."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.problems import Problem
from services.api.routes.common import (
    ArticleId,
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
from services.common.errors import StopProgram
from services.operations.news.stories import StoryFilter, StoryPage, list_stories
from services.operations.news.story import Story, open_story

router = APIRouter(tags=["news"])


@router.get("/v1/articles", responses=problems(404), response_model=StoryPage)
def articles(
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
    """Stories, newest first. A page may have fewer than `limit`, so read on until `next` is null."""
    wanted = StoryFilter(pair, source, kind, score_from, score_to, since, until)
    with cursors():
        return kept_by_client(request, list_stories(asked.history, wanted, limit=limit, cursor=cursor))


@router.get("/v1/articles/{id}", responses=problems(404), response_model=Story)
def article(request: Request, asked: Asked, id: ArticleId) -> Response:  # noqa: A002 - the name in the path
    """The story of an article (its id, or the beginning of it), its receipts, signals, and what prices did since."""
    try:
        found = open_story(asked.history, id, asked.now())
    except StopProgram as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error), "unknown-article") from error
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "there is no such article in the history", "unknown-article")
    return kept_by_client(request, found)
