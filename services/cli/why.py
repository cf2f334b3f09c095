"""`cryptoboy why`: why a trade was made, and why none was made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import Json, settings_for
from services.cli.views.why import show_trade, show_why_not
from services.common.errors import StopProgram
from services.common.history.port import HistoryReader
from services.common.settings.history import HISTORY_FIELDS
from services.common.times.moments import read_moment
from services.operations.connections import connected_history
from services.operations.pairs import named_pair
from services.operations.why.not_entered import WhyNot, waiting_for, why_not
from services.operations.why.trade import TradeWhy, why_last, why_trade


def why(
    what: Annotated[
        str | None,
        typer.Argument(metavar="TRADE_ID|PAIR", help="The id of a trade, or a pair such as BTC/USDT."),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TIME",
            help="For a pair: 14:05, yesterday 14:05, 2h ago, 2026-11-28 14:05; UTC unless it says +02:00 or CET. "
            "Default: now.",
        ),
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="The trade that was opened last.")] = False,
    bot: Annotated[
        str | None,
        typer.Option(help="The bot of the trade. Default: the one that opened the last such trade."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Explain a trade, or why no trade of a pair was opened at a time.

    For a trade: the candle, the rules, the news and its stake, what came while it was open, and its end. For a pair
    and a time: which entry rules were true and which were not, what the news was, and who held entries. The answers
    come from what history_recorder recorded of the bot.

    Example: ./cryptoboy why BTC/USDT 14:05
    """
    now = datetime.now(UTC)
    settings = settings_for(uses=HISTORY_FIELDS | {"trading_pairs", "sentiment_staleness_hours"})
    if last == (what is not None) or (at and what is None):
        raise StopProgram("say what to explain: a TRADE_ID, a PAIR with a TIME, or --last")
    if last or (what or "").isdigit():
        if at:
            raise StopProgram(f"a TIME belongs to a pair; {what} is a trade")
        with connected_history(settings) as history:
            _show_trade(_trade(history, what, bot, now), json_output=json_output)
        return
    try:
        pair = named_pair(what or "", settings)
    except StopProgram as error:
        raise StopProgram(f"{error}; or write the number of a trade") from None
    moment = read_moment(" ".join(at), now) if at else None
    staleness = timedelta(hours=settings.sentiment_staleness_hours)
    with connected_history(settings) as history:
        found = (
            waiting_for(history, pair, now=now, staleness=staleness)
            if moment is None
            else why_not(history, pair, moment, now=now, staleness=staleness)
        )
    _show_why_not(found, json_output=json_output)


def _trade(history: HistoryReader, what: str | None, bot: str | None, now: datetime) -> TradeWhy:
    found = why_last(history, now=now) if what is None else why_trade(history, int(what), bot, now=now)
    if found is None:
        named = "no trade" if what is None else f"no trade {what}{f' of {bot}' if bot else ''}"
        raise StopProgram(
            f"{named} is recorded. history_recorder records trades from Freqtrade's API: "
            "./cryptoboy doctor and its /health say whether it reaches it"
        )
    return found


def _show_trade(found: TradeWhy, *, json_output: bool) -> None:
    if json_output:
        print_json(found.as_json())
    else:
        show_trade(found)


def _show_why_not(found: WhyNot, *, json_output: bool) -> None:
    if json_output:
        print_json(found.as_json())
    else:
        show_why_not(found)
