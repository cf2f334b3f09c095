"""What many routes share: types of parameters, and the errors that each of them may answer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query

from services.api.problems import MEDIA_TYPE, ProblemBody
from services.api.sources import Sources, sources

Asked = Annotated[Sources, Depends(sources)]
Pair = Annotated[
    str,
    Query(
        max_length=40, pattern=r"^[A-Z0-9]{1,20}(/[A-Z0-9]{1,10}(:[A-Z0-9]{1,10})?)?$", examples=["BTC/USDT"]
    ),
]
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
    body = {"model": ProblemBody, "content": {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}}}
    return dict.fromkeys((401, 403, 422, 429, 503, *statuses), body)
