"""What the mixin does with open trades: bad news closes them if `use` has `exit`, and each exit says why."""

from typing import Any

from cryptoboy_sentiment.mixin.adviser import LEAVE, Adviser, adviser_of
from cryptoboy_sentiment.mixin.wrapping import Call


def custom_exit(call: Call) -> Any:  # noqa: ANN401 - what the strategy returns
    """Close a trade for bad news before the strategy is asked, whose own method may fail."""
    adviser = adviser_of(call.strategy)
    if "exit" not in adviser.settings.use:
        return call.proceed()
    reason = adviser.safely("judging a trade", lambda: _why_leave(call, adviser), "")
    return reason or call.proceed()


def _why_leave(call: Call, adviser: Adviser) -> str:
    """The reason to close a trade now; empty if there is none."""
    trade = call.given["trade"]
    side = "short" if trade.is_short else "long"
    urgent = adviser.closes(call.given["pair"], call.given["current_time"], trade.open_date_utc, side)
    return adviser.exit_reason(urgent) if urgent else _aggregate(call, adviser)


def _aggregate(call: Call, adviser: Adviser) -> str:
    """What the last analysed candle says, if the settings judge by the aggregate."""
    pair, trade = call.given["pair"], call.given["trade"]
    column = f"{LEAVE}{'short' if trade.is_short else 'long'}"
    if column not in adviser.own_names() or not adviser.source.readable(pair):
        return ""
    candles, _ = call.strategy.dp.get_analyzed_dataframe(pair, call.strategy.timeframe)
    if candles.empty:
        return ""
    own = candles if column in candles else adviser.own_columns(pair, candles["date"])
    reason = str(own[column].iloc[-1])
    return "news" if reason and adviser.is_search else reason  # as for urgent news


def confirm_trade_exit(call: Call) -> Any:  # noqa: ANN401 - as above
    """Log an exit that the strategy allows, with the article that was known then and the one of the entry."""
    allowed = call.proceed()
    adviser = adviser_of(call.strategy)
    if allowed and adviser.is_live:
        pair, trade, reason = (call.given[name] for name in ("pair", "trade", "exit_reason"))
        article = adviser.article(pair)
        adviser.safely("reporting an exit", lambda: adviser.report_exit(pair, trade, reason, article), None)
    return allowed
