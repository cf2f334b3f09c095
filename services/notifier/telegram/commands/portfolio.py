"""/portfolio: what the bot holds, and what it gained."""

from __future__ import annotations

from services.common.text.telegram_html import bold, fitted, plain
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.buttons import in_rows
from services.notifier.telegram.reply import Button, Reply
from services.operations.portfolio import ClosedIn, Exposure, Position, read_portfolio
from services.operations.words import age_text, amount, percent, price, share

SHOWN = 20
_BUTTONS = 8


def portfolio(parts: Parts, _asked: Asked, _words: list[str]) -> Reply:
    """The open positions, the exposure by asset, and the profit of closed trades by period."""
    found = read_portfolio(parts.history, parts.settings.candle_timeframe, parts.now())
    lines = [bold(f"{len(found.positions) or 'No'} open position{'' if len(found.positions) == 1 else 's'}")]
    lines += [_position(parts, each) for each in found.positions[:SHOWN]]
    if found.exposure:
        lines += [bold("Exposure"), *map(_exposure, found.exposure[:SHOWN])]
    lines += [bold("Closed trades"), *map(_closed, found.periods)]
    buttons = [
        Button(f"Why {each.trade.trade_id}", f"/why {each.trade.trade_id}") for each in found.positions
    ]
    return Reply(fitted(lines), in_rows(buttons[:_BUTTONS]))


def _position(parts: Parts, position: Position) -> str:
    trade = position.trade
    name = f"{trade.trade_id} {plain(trade.pair)} {trade.side}"
    if position.change is None or position.price_at is None:
        return f"{name}: no price of the last day is recorded"
    gain = "" if position.gain is None else f", {amount(position.gain)} {plain(position.currency)}"
    seen = age_text(position.price_at, parts.now())
    return f"{name}: {percent(position.change)}{gain} at {price(position.price)} ({seen})"


def _exposure(each: Exposure) -> str:
    gain = "" if each.gain is None else f", {amount(each.gain)} now"
    sides = [
        f"{side} {price(stake)}"
        for side, stake in (("long", each.stake_long), ("short", each.stake_short))
        if stake
    ]
    return f"{plain(each.asset)}: {share(each.share)} of the stakes ({', '.join(sides)} {plain(each.currency)}){gain}"


def _closed(period: ClosedIn) -> str:
    span = "all" if period.days is None else f"{period.days} day{'s' if period.days > 1 else ''}"
    parts = [
        f"{each.trades} with {amount(each.profit)} {plain(each.currency)}, {each.gained} of them gained"
        for each in period.closed
    ]
    return f"{span}: {'; '.join(parts) or 'none'}"
