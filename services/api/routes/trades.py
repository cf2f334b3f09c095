"""`/v1/trades`: the bot's trades, and why each was made."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from services.api.answers import kept_by_client
from services.api.problems import Problem
from services.api.routes.common import Asked, Cursor, Limit, PairOrNone, cursors, problems
from services.operations.trades import TradePage, list_trades
from services.operations.why.trade import TradeWhy, why_trade

router = APIRouter(tags=["trades"])
Bot = Annotated[str | None, Query(max_length=200, description="of several bots, which one; else the last")]


@router.get("/v1/trades", responses=problems(404), response_model=TradePage)
def trades(
    request: Request,
    asked: Asked,
    *,
    pair: PairOrNone = None,
    open_only: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Trades in their last known state, the one opened last first."""
    with cursors():
        page = list_trades(asked.history, pair=pair, open_only=open_only, limit=limit, cursor=cursor)
    return kept_by_client(request, page)


@router.get("/v1/trades/{id}/why", responses=problems(404), response_model=TradeWhy)
def why(
    request: Request,
    asked: Asked,
    id: Annotated[int, Path(ge=0, le=2**53)],  # noqa: A002 - the name in the path
    bot: Bot = None,
) -> Response:
    """Why a trade was opened and closed: story, score, rules, and the news while it was open."""
    found = why_trade(asked.history, id, bot, now=asked.now())
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "there is no such trade in the history", "unknown-trade")
    return kept_by_client(request, found)
