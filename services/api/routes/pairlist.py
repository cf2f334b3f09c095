"""`/v1/pairlist`: the pairs that the news speaks most of, for Freqtrade's RemotePairList."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.api.answers import JsonAnswer
from services.api.routes.common import Asked, Limit, problems
from services.operations.other_programs.pairlist import MOST_HOURS, most_talked_about

router = APIRouter(tags=["for other programs"])
Quote = Annotated[
    str | None,
    Query(
        pattern=r"^[A-Z0-9]{1,10}(:[A-Z0-9]{1,10})?$",
        description="the currency of all pairs, such as USDT, or USDT:USDT for futures; without it as in TRADING_PAIRS",
    ),
]


@router.get("/v1/pairlist", responses=problems(), response_model=dict[str, Any])
def pairlist(
    asked: Asked,
    limit: Limit = 20,
    hours: Annotated[float, Query(gt=0, le=MOST_HOURS, description="how old the news may be")] = 24,
    quote: Quote = None,
) -> JsonAnswer:
    """The most talked about pairs, first those in the news of most sources. Pairs in stand-aside are left out.

    News of the whole market counts for no pair. If the store cannot be read the answer is an
    error, at which RemotePairList keeps the list that it has.
    """
    with asked.store() as store:
        found = most_talked_about(store, asked.settings, asked.now(), limit=limit, hours=hours, quote=quote)
    return JsonAnswer(found)
