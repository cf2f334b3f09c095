"""Compares the trades of a backtest with those that the bot itself made in the same time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.common.history.port import HistoryReader
from services.common.history.rows import AnalysedRow
from services.operations.answer import Answer
from services.operations.why.not_entered import why_not
from services.operations.why.placed_trades import Backtested, PlacedTrade, made_trades, recorded_trades
from services.operations.why.sentences import about_exit

_BY_PRICE = frozenset({"roi", "stop_loss", "trailing_stop_loss", "liquidation"})
_PERIOD_ENDS = "force_exit"
"""Why a backtest closes what is open when its candles end."""
_SAME, _MOST_NAMED = 1e-6, 5


@dataclass(frozen=True, slots=True)
class Difference(Answer):
    """A trade that the bot and the backtest did not make alike.

    Attributes:
        entered: when the candle opened in which the trade was opened.
        trade_id: the trade of the bot; None if only the backtest made it.
        what: `entry` (only one of the two made it), `tag` or `exit`.
        reason: a sentence for people.
    """

    pair: str
    side: str
    entered: datetime
    trade_id: int | None
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class OwnTrades(Answer):
    """How far a backtest repeated the bot's trades.

    Attributes:
        bots: the bots that opened trades of the pairs within the backtest's candles.
        trades: the number of these trades.
        repeated: those that the backtest opened too: same pair, side, tag and candle.
        ended_alike: those of the repeated ones that ended in the same candle for the same reason, or are open in both.
        differences: the other trades of either side, by candle.
    """

    bots: tuple[str, ...]
    trades: int
    repeated: int
    ended_alike: int
    differences: tuple[Difference, ...]


def compare_with_own(
    history: HistoryReader, found: Backtested, *, now: datetime, staleness: timedelta
) -> OwnTrades | None:
    """Compare the trades of a backtest with the recorded ones; None if no bot was recorded in that time.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    own = [each for each in recorded_trades(history, found) if found.start < each.entered < found.end]
    if not own and not _was_recorded(history, found):
        return None
    made = {each.entry: each for each in made_trades(found)}
    compared = [_compared(history, found, each, made.get(each.entry)) for each in own]
    of_bot = [each for each in compared if each is not None]
    for entry in made.keys() - {each.entry for each in own}:  # several bots may have made one trade alike
        each = made[entry]
        reason = _why_not_decided(history, found, each)
        if not reason:
            reason = why_not(history, each.trade.pair, each.entered, now=now, staleness=staleness).sentences[
                0
            ]
        compared.append(_difference(each, "entry", f"Only the backtest: {reason}"))
    repeated = len(own) - sum(each.what != "exit" for each in of_bot)
    return OwnTrades(
        bots=tuple(sorted({each.trade.bot for each in own})),
        trades=len(own),
        repeated=repeated,
        ended_alike=repeated - sum(each.what == "exit" for each in of_bot),
        differences=tuple(sorted(filter(None, compared), key=lambda each: (each.entered, each.pair))),
    )


def _was_recorded(history: HistoryReader, found: Backtested) -> bool:
    """Whether a bot decided on a candle of the backtest."""
    return any(
        history.analysed(pair, found.timeframe, since=found.start, until=found.end, limit=1).rows
        for pair in found.pairs
    )


def _compared(
    history: HistoryReader, found: Backtested, own: PlacedTrade, twin: PlacedTrade | None
) -> Difference | None:
    """How a trade of the bot differs from that of the backtest; None if they are alike."""
    if twin is None:
        return _difference(own, "entry", _why_not_made(history, found, own))
    if own.trade.enter_tag != twin.trade.enter_tag:
        tags = f"The bot's tag is [{own.trade.enter_tag}], the backtest's [{twin.trade.enter_tag}]."
        return _difference(own, "tag", tags)
    are_open = own.left is None and twin.trade.exit_reason == _PERIOD_ENDS
    if are_open or (own.left, own.trade.exit_reason) == (twin.left, twin.trade.exit_reason):
        return None
    return _difference(own, "exit", _about_exits(own, twin))


def _difference(each: PlacedTrade, what: str, reason: str) -> Difference:
    trade = each.trade
    return Difference(trade.pair, trade.side, each.entered, trade.trade_id or None, what, reason)


def _decided(history: HistoryReader, found: Backtested, each: PlacedTrade) -> AnalysedRow | None:
    """The row of the bot's dataframe at the candle before a trade; None if the bot did not decide on it."""
    since = each.entered - found.candle
    rows = history.analysed(each.trade.pair, found.timeframe, since=since, until=each.entered, limit=1).rows
    return rows[0] if rows else None


def _why_not_decided(history: HistoryReader, found: Backtested, made: PlacedTrade) -> str:
    """Why the bot could not make a trade of the backtest; empty if it decided on the same candle."""
    if _decided(history, found, made) is not None:
        return ""
    return (
        "the bot decided on nothing at the candle before: it was not running, was too slow for candles of "
        f"{found.timeframe}, or did not have the pair on its list."
    )


def _why_not_made(history: HistoryReader, found: Backtested, own: PlacedTrade) -> str:
    """Why the backtest did not open a trade of the bot, as far as candles and trades say."""
    trade, opened = own.trade, own.entered - found.candle
    frame = found.frames.get(trade.pair)
    known = [] if frame is None else frame[frame["date"] == opened].to_dict("records")
    if not known:
        return "Only the bot: the backtest has no candle on which the bot decided."
    if any(_holds(each, own) for each in made_trades(found)):
        return "Only the bot: the backtest had another trade of the pair then."
    seen = _decided(history, found, own)
    others = _others(seen.values, known[0]) if seen else []
    if others:
        return f"Only the bot: its candle had other values than the backtest's: {', '.join(others)}."
    return (
        "Only the bot: the backtest's candle has the same values; its rules are others (--set), or a protection, the "
        "number of open trades or the balance was in the way."
    )


def _holds(made: PlacedTrade, own: PlacedTrade) -> bool:
    """Whether a trade of the backtest was open when the bot opened one of the pair."""
    left = made.left
    return (
        made.trade.pair == own.trade.pair
        and made.entered < own.entered
        and (left is None or own.entered < left)
    )


def _others(seen: Mapping[str, Any], known: Mapping[Any, Any]) -> list[str]:
    """The columns in which a row of the bot and one of the backtest differ, with both values."""
    return [
        f"{name} {value:.6g} and {other:.6g}"
        for name, value in seen.items()
        if isinstance(value, int | float) and isinstance(other := known.get(name), int | float)
        if not math.isclose(value, other, rel_tol=_SAME)
    ][:_MOST_NAMED]


def _about_exits(own: PlacedTrade, twin: PlacedTrade) -> str:
    if own.left is None:
        return f"The bot's trade was open when it was recorded last; the backtest: {_end_of(twin)}."
    if twin.trade.exit_reason == _PERIOD_ENDS:
        return f"The bot: {_end_of(own)}; the backtest's candles ended before."
    because = ""
    if _BY_PRICE & {own.trade.exit_reason, twin.trade.exit_reason}:
        because = (
            " A bot compares the price with these limits in each of its loops; a backtest knows only the open, high, "
            "low and close of a candle, and fills at the limit itself."
        )
    return f"The bot: {_end_of(own)}; the backtest: {_end_of(twin)}.{because}"


def _end_of(each: PlacedTrade) -> str:
    trade = each.trade
    profit = "" if trade.profit_ratio is None else f", {trade.profit_ratio:+.2%}"
    return f"{about_exit(trade.exit_reason)}, in the candle of {each.left:%Y-%m-%d %H:%M} UTC{profit}"
