"""The pages `Trades` and that of one trade."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from services.api.dashboard.candles import read_candles
from services.api.dashboard.charts import price_figure, price_label
from services.api.dashboard.rendering import attempt, render
from services.api.sources import sources
from services.operations.news.stories import StoryRow
from services.operations.trades import list_trades
from services.operations.why.trade import why_trade

router = APIRouter(include_in_schema=False)
_AROUND = timedelta(hours=4)


@router.get("/trades")
def trades_page(
    request: Request, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> HTMLResponse:
    """Show all trades, newest first."""
    asked = sources(request)
    trades = attempt(asked, lambda: list_trades(asked.history, cursor=cursor))
    return render(request, "trades.html.j2", trades=trades)


@router.get("/trades/{trade_id}")
def trade_page(
    request: Request, trade_id: Annotated[int, Path(ge=0, le=2**53)], bot: str | None = None
) -> HTMLResponse:
    """Show one trade with its why, and the news while it was open."""
    asked = sources(request)
    found = attempt(asked, lambda: why_trade(asked.history, trade_id, bot, now=asked.now()))
    if found.value is None:
        return render(
            request,
            "missing.html.j2",
            status=HTTPStatus.NOT_FOUND,
            what=f"There is no trade {trade_id}",
            advice=found.problem or "The recorder has read no trade with this number.",
            back="/trades",
            back_name="All trades",
        )
    why = found.value
    trade = why.trade
    since, until = trade.opened - _AROUND, min(asked.now(), (trade.closed or asked.now()) + _AROUND)
    timeframe = asked.settings.candle_timeframe
    candles = (
        attempt(asked, lambda: read_candles(asked.history, trade.pair, timeframe, since, until)).value or ()
    )
    stories = _once(*why.news_while_open, why.story, why.exit_story)
    return render(
        request,
        "trade.html.j2",
        why=why,
        figure=price_figure(candles, stories, [trade], trade.pair),
        chart_label=price_label(candles, stories, trade.pair),
    )


def _once(*stories: StoryRow | None) -> list[StoryRow]:
    """Those stories that are there, each once."""
    return list({story.article_id: story for story in stories if story is not None}.values())
