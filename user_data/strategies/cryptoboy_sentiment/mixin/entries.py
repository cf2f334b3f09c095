"""What the mixin does about entries and additions: it may refuse them, cancel their orders, or take smaller stakes."""

import logging
from datetime import datetime
from numbers import Real
from typing import Any

from cryptoboy_sentiment.mixin.advice import stake_share
from cryptoboy_sentiment.mixin.adviser import Adviser, adviser_of
from cryptoboy_sentiment.mixin.wrapping import Call

logger = logging.getLogger(__name__)

UNREADABLE = "the news cannot be read"


def confirm_trade_entry(call: Call) -> Any:  # noqa: ANN401 - what the strategy returns
    """Refuse an entry before the strategy is asked: where its own method fails, Freqtrade enters."""
    adviser, given = adviser_of(call.strategy), call.given
    pair = given["pair"]
    if _refused(adviser, pair, given["side"], given["current_time"], "Entry"):
        return False
    allowed = call.proceed()
    if allowed and adviser.is_live:
        adviser.entered_on[pair] = adviser.article(pair)
        logger.info(
            "Entry of %s on [%s], trace_id=%s", pair, given.get("entry_tag"), adviser.entered_on[pair]
        )
    return allowed


def adjust_trade_position(call: Call) -> Any:  # noqa: ANN401 - as above
    """Let a position be reduced, and refuse to add to it as an entry is refused."""
    wanted = call.proceed()
    if not _is_amount(wanted[0] if isinstance(wanted, tuple) and wanted else wanted):
        return wanted
    trade = call.given["trade"]
    side = "short" if trade.is_short else "long"
    refused = _refused(adviser_of(call.strategy), trade.pair, side, call.given["current_time"], "Addition")
    return None if refused else wanted


def check_entry_timeout(call: Call) -> Any:  # noqa: ANN401 - as above
    """Cancel an entry order that waits to be filled while the news or a hold would refuse it now.

    Freqtrade asks this before it replaces an order at another price, for which it asks for no confirmation.
    """
    adviser, trade = adviser_of(call.strategy), call.given["trade"]
    side = "short" if trade.is_short else "long"

    def why() -> str:
        # A source that cannot be read for a moment cancels nothing: what was read before still counts.
        paused = _why_closed(adviser, trade.pair) if adviser.source.entries == "paused" else ""
        return paused or _what_news_says(adviser, trade.pair, side, call.given["current_time"])

    reason = adviser.safely("judging an open order", why, "")
    order = call.given["order"].order_id
    if adviser.is_new(("Order", trade.pair, side), (order, reason)) and reason and not adviser.is_search:
        article = adviser.article(trade.pair)
        logger.info(
            "Open entry order of %s (%s) cancelled: %s, trace_id=%s", trade.pair, side, reason, article
        )
    return True if reason else call.proceed()


def custom_stake_amount(call: Call) -> Any:  # noqa: ANN401 - as above
    """Take a share of the strategy's own stake that grows with the sentiment, but no less than the exchange takes."""
    stake = call.proceed()
    adviser, given = adviser_of(call.strategy), call.given
    if "size" not in adviser.settings.use or not _is_amount(stake):
        return stake

    def share() -> float:
        score = adviser.at(given["pair"], given["current_time"], given["side"]).score
        return stake_share(score, adviser.settings)

    least = min(given.get("min_stake") or 0.0, stake)
    return max(stake * adviser.safely("sizing a stake", share, adviser.settings.smallest_stake), least)


def _is_amount(stake: object) -> bool:
    return isinstance(stake, Real) and float(stake) > 0


def _refused(adviser: Adviser, pair: str, side: str, now: datetime, what: str) -> bool:
    """Whether the position must not be entered or grow now; says why, once for each reason."""
    reason = adviser.safely("judging an entry", lambda: _why_not(adviser, pair, side, now), None)
    if reason is None:
        reason = UNREADABLE if adviser.settings.on_unreadable == "block" else ""
    if adviser.is_new((what, pair, side), reason) and reason and not adviser.is_search:
        logger.info("%s of %s (%s) refused: %s, trace_id=%s", what, pair, side, reason, adviser.article(pair))
    return bool(reason)


def _why_not(adviser: Adviser, pair: str, side: str, now: datetime) -> str:
    """Why a position must not be entered or grow; empty if nothing speaks against it."""
    closed = _why_closed(adviser, pair) if adviser.is_live else ""
    said = "" if closed else _what_news_says(adviser, pair, side, now)
    if adviser.is_live:
        adviser.telemetry.entry(pair, "news" if said else adviser.source.entries)
    return closed or said


def _why_closed(adviser: Adviser, pair: str) -> str:
    """Why no entry may be made at all."""
    state, holds = adviser.source.entries, adviser.source.holds
    if state in {"paused", "lost"}:
        owners = ", ".join(hold.owner for hold in holds)
        return f"entries are {state}{owners and f' by {owners}'}"
    is_read = state == "open" and adviser.source.readable(pair)
    return "" if is_read or adviser.settings.on_unreadable == "allow" else UNREADABLE


def _what_news_says(adviser: Adviser, pair: str, side: str, now: datetime) -> str:
    if urgent := adviser.closes(pair, now, now, side):
        return f"news blocks: {urgent.tag.removeprefix('news ')}"  # the next loop would close the trade again
    return adviser.at(pair, now, side).block if adviser.own_names() else ""
