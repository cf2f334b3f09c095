"""What many routes share: types of parameters, and the errors that each of them may answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import AfterValidator, BeforeValidator

from services.api.instants import in_reach
from services.api.problems import MEDIA_TYPE, Problem, ProblemBody
from services.api.sources import Sources, sources
from services.common.errors import NeverWorks

_PAIR = r"^[A-Z0-9]{1,20}(/[A-Z0-9]{1,10}(:[A-Z0-9]{1,10})?)?$"
Asked = Annotated[Sources, Depends(sources)]
Pair = Annotated[
    str,
    Query(max_length=40, pattern=_PAIR, examples=["BTC/USDT"]),
]
PairOrNone = Annotated[
    str | None,
    Query(max_length=40, pattern=_PAIR, description="a pair, or an asset such as SOL", examples=["BTC/USDT"]),
]
ALWAYS_POSSIBLE = (401, 403, 422, 429, 503)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _written_as_date(given: object) -> object:
    """Refuse bare numbers, of which nobody can say whether they are seconds or milliseconds."""
    if not isinstance(given, datetime) and not (isinstance(given, str) and _DATE.match(given)):
        raise ValueError("expected an instant such as 2026-11-29T14:05:00Z")
    return given


Instant = Annotated[datetime, BeforeValidator(_written_as_date), AfterValidator(in_reach)]
Since = Annotated[Instant | None, Query(description="from this instant on; without an offset it is UTC")]
Until = Annotated[Instant | None, Query(description="before this instant; without an offset it is UTC")]
ArticleId = Annotated[str, Path(min_length=1, max_length=200)]
Source = Annotated[str | None, Query(max_length=100, description="the name of a source")]
KindOfNews = Annotated[str | None, Query(max_length=40, description="such as hack", examples=["hack"])]
Score = Annotated[float | None, Query(ge=-1, le=1)]
Limit = Annotated[int, Query(ge=1, le=200, description="the largest number of rows")]
Cursor = Annotated[
    str | None, Query(max_length=400, description="`next` of the page before; without it, the first page")
]
Owner = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="who holds", examples=["operator"])
]
QueueName = Annotated[
    str, Path(max_length=100, description="the queue, with or without .dlq", examples=["raw_news_data"])
]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route for its description: those that every route has, and these."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in (*ALWAYS_POSSIBLE, *statuses)
    }


@contextmanager
def cursors() -> Iterator[None]:
    """Answer a cursor that no page of the list gave: there is no such page."""
    try:
        yield
    except NeverWorks as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error), "unknown-cursor") from error
