"""What the mixin does with open trades: bad news closes them if `use` has `exit`, and each exit says why."""

import logging
from typing import Any

from cryptoboy_sentiment.mixin.adviser import LEAVE, Adviser
from cryptoboy_sentiment.mixin.wrapping import Call
from cryptoboy_sentiment.trace import remembered

logger = logging.getLogger(__name__)


def custom_exit(call: Call) -> Any:  # noqa: ANN401 - what the strategy returns
    """Close a trade for bad news before the strategy is asked, whose own method may fail."""
    adviser: Adviser = call.adviser
    if "exit" not in adviser.settings.use:
        return call.proceed()
    reason = adviser.safely("judging a trade", lambda: _why_leave(call, adviser), "")
    return reason or call.proceed()


def _why_leave(call: Call, adviser: Adviser) -> str:
    """The reason to close a trade now; empty if there is none."""
    pair, trade = call.given["pair"], call.given["trade"]
    column = f"{LEAVE}{'short' if trade.is_short else 'long'}"
    if column not in adviser.own_names():
        return ""
    candles, _ = call.strategy.dp.get_analyzed_dataframe(pair, call.strategy.timeframe)
    if candles.empty or not adviser.source.readable(pair):
        return ""
    if column not in candles:  # the strategy has returned other columns
        candles = adviser.own_columns(pair, candles["date"].tail(1))
    return str(candles[column].iloc[-1])


def confirm_trade_exit(call: Call) -> Any:  # noqa: ANN401 - as above
    """Log an exit that the strategy allows, with the article that was known then and the one of the entry."""
    allowed = call.proceed()
    adviser: Adviser = call.adviser
    if allowed and adviser.is_live:
        adviser.safely("reporting an exit", lambda: _report(call, adviser), None)
    return allowed


def _report(call: Call, adviser: Adviser) -> None:
    pair, reason = call.given["pair"], call.given["exit_reason"]
    adviser.telemetry.exit(pair, reason)
    now, then = adviser.article(pair), remembered(call.given["trade"])
    logger.info("Exit of %s on [%s], trace_id=%s, entered on trace_id=%s", pair, reason, now, then)
