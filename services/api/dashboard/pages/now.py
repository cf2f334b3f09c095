"""The page `Now`: the sentiment, the price and the plans of the bot for each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.api.dashboard.candles import last_day
from services.api.dashboard.charts import price_figure, price_label
from services.api.dashboard.pair_views import OpenTrade, PairCard, PairView, pair_view, scored_stories
from services.api.dashboard.rendering import attempt, render
from services.api.sources import Sources, sources
from services.common.history.rows import CandleRow
from services.operations.news.stories import StoryFilter, list_stories
from services.operations.sentiment import PairSentiment, SentimentReport, read_sentiment
from services.operations.trades import list_trades
from services.operations.why.not_entered import waiting_for
from services.operations.why.trade import TradeWhy, why_last

router = APIRouter(include_in_schema=False)
MOST_CARDS = 6
"""More pairs than these are listed in a table, from which one can be chosen."""
_STORIES_OF_A_CHART = 60
_TRADES_OF_A_CHART = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the page shows of the history.

    Attributes:
        overview: all pairs if they are more than the cards.
        last: why the last trade was made; None if there was none.
    """

    cards: tuple[PairCard, ...] = ()
    overview: tuple[PairView, ...] = ()
    open_trades: tuple[OpenTrade, ...] = ()
    last: TradeWhy | None = None


@router.get("/")
def now_page(request: Request, pair: str = "") -> HTMLResponse:
    """Show all pairs, or one of them."""
    asked = sources(request)
    now, pairs = asked.now(), asked.settings.trading_pairs
    sentiment = attempt(asked, lambda: _sentiment(asked, pairs, now))
    moods = sentiment.value.pairs if sentiment.value else {}
    history = attempt(asked, lambda: _recorded(asked, moods, pair, now))
    return render(
        request,
        "now.html.j2",
        pairs=pairs,
        problem=sentiment.problem or history.problem,
        shown=history.value or Recorded(),
    )


def _sentiment(asked: Sources, pairs: Sequence[str], now: datetime) -> SentimentReport:
    with asked.store() as store:
        return read_sentiment(store, asked.settings, pairs, now)


def _recorded(
    asked: Sources, moods: Mapping[str, PairSentiment | None], chosen: str, now: datetime
) -> Recorded:
    history, timeframe = asked.history, asked.settings.candle_timeframe
    pairs = _newest_first(asked.settings.trading_pairs, moods)
    candles = {pair: last_day(history, pair, timeframe, now) for pair in pairs}
    views = [pair_view(pair, moods.get(pair), candles[pair]) for pair in pairs]
    shown = [view for view in views if view.pair == chosen] or views[:MOST_CARDS]
    prices = {view.pair: view.price for view in views}
    opened = list_trades(history, open_only=True).trades
    return Recorded(
        cards=tuple(_card(asked, view, candles[view.pair], now) for view in shown),
        overview=tuple(views) if len(views) > MOST_CARDS else (),
        open_trades=tuple(
            OpenTrade(trade, prices.get(trade.pair)) for trade in opened if trade.unseen_since is None
        ),
        last=why_last(history, now=now),
    )


def _newest_first(pairs: Sequence[str], moods: Mapping[str, PairSentiment | None]) -> list[str]:
    """The pairs in the order of the settings; if they are many, those with the newest news first."""
    if len(pairs) <= MOST_CARDS:
        return list(pairs)
    ages = {pair: found.age_hours for pair, found in moods.items() if found}
    return sorted(pairs, key=lambda pair: ages.get(pair, float("inf")))


def _card(asked: Sources, view: PairView, candles: Sequence[CandleRow], now: datetime) -> PairCard:
    wanted = StoryFilter(pair=view.pair, since=now - _DAY)
    stories = list_stories(asked.history, wanted, limit=_STORIES_OF_A_CHART).stories
    traded = list_trades(asked.history, pair=view.pair, limit=_TRADES_OF_A_CHART).trades
    recent = [trade for trade in traded if (trade.closed or now) > now - _DAY]
    staleness = timedelta(hours=asked.settings.sentiment_staleness_hours)
    waiting = waiting_for(asked.history, view.pair, now=now, staleness=staleness)
    return PairCard(
        view=view,
        news=scored_stories(stories, view.pair, now - staleness),
        waiting=waiting if waiting.candle else None,
        figure=price_figure(candles, stories, recent, view.pair),
        chart_label=price_label(candles, stories, view.pair),
    )
