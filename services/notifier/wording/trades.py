"""What is said about the trades of the bot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.common.text.harmless import harmless
from services.notifier.message import Message
from services.operations.trades import Trade
from services.operations.words import describe_seconds, minute, percent, price

MOST_REASONS = 8


def about_entry(trade: Trade, reasons: Sequence[str]) -> Message:
    """A trade that was opened, with the sentences that say why."""
    how = f"{trade.side} at {price(trade.open_rate)}"
    stake = "" if trade.stake is None else f" with a stake of {trade.stake:g}"
    return Message(
        title=f"{harmless(trade.pair, 40)}: trade {trade.trade_id} opened, {how}{stake}",
        lines=(*_why(reasons), _receipt(trade)),
    )


def about_exit_of(trade: Trade, reasons: Sequence[str]) -> Message:
    """A trade that was closed, with the sentences that say why it was opened and closed."""
    lasted = describe_seconds((trade.closed - trade.opened).total_seconds()) if trade.closed else ""
    return Message(
        title=f"{harmless(trade.pair, 40)}: trade {trade.trade_id} closed at {price(trade.close_rate)}, "
        f"{percent(_in_percent(trade.profit_ratio))} after {lasted}",
        lines=(*_why(reasons), _receipt(trade)),
    )


def about_step(
    trade: Trade, change: float, step: float, rate: float | None, priced: datetime | None
) -> Message:
    """An open trade whose profit or loss, in percent of the stake, has passed a step of the rules.

    Its price is `rate`, the close of the candle that opened at `priced`.
    """
    what = "profit" if change > 0 else "loss"
    return Message(
        title=f"{harmless(trade.pair, 40)}: trade {trade.trade_id} is at {percent(change)}",
        lines=(
            f"It passed a {what} of {step:g} % of its stake, with leverage and without fees.",
            f"Opened at {price(trade.open_rate)}; at {price(rate)} in the candle of {minute(priced)}.",
            _receipt(trade),
        ),
    )


def _why(reasons: Sequence[str]) -> tuple[str, ...]:
    return tuple(harmless(each, 400) for each in reasons[:MOST_REASONS])


def _receipt(trade: Trade) -> str:
    return f"Receipt: ./cryptoboy why {trade.trade_id}"


def _in_percent(ratio: float | None) -> float | None:
    return None if ratio is None else ratio * 100
