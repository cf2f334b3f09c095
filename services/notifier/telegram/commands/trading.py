"""/trades and /performance: what the bot did, and how the scores did."""

from __future__ import annotations

from services.common.text.telegram_html import bold, fitted, plain
from services.history_recorder.performance.report import Cell
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.buttons import in_rows
from services.notifier.telegram.reply import Button, Reply
from services.operations.pairs import named_pair
from services.operations.performance import read_performance
from services.operations.trades import Trade, list_trades
from services.operations.words import describe_seconds, minute, percent, price, share

SHOWN = 10
_BUTTONS = 8
_LONGEST_VERDICT = 1_500


def trades(parts: Parts, _asked: Asked, words: list[str]) -> Reply:
    """The last trades, the one opened last first; of a pair if one is named."""
    pair = named_pair(words[0], parts.settings) if words else None
    found = list_trades(parts.history, pair=pair, limit=SHOWN).trades
    if not found:
        return Reply(f"No trade{f' of {plain(pair)}' if pair else ''} is recorded.")
    buttons = [Button(f"Why {trade.trade_id}", f"/why {trade.trade_id}") for trade in found[:_BUTTONS]]
    return Reply(fitted(_line(parts, trade) for trade in found), in_rows(buttons))


def performance(parts: Parts, _asked: Asked, words: list[str]) -> Reply:
    """How prices changed after the signals of the last 30 days, and whether that is more than chance."""
    pair = named_pair(words[0], parts.settings) if words else None
    found = read_performance(parts.history, pair=pair, now=parts.now())
    overall = [_figures(cell) for cell in found.cells if cell.group == "all"]
    title = bold(f"Signals{f' of {plain(pair)}' if pair else ''} since {minute(found.start)}")
    return Reply(fitted([title, *overall, plain(found.verdict, _LONGEST_VERDICT)]))


def _line(parts: Parts, trade: Trade) -> str:
    profit = "" if trade.profit_ratio is None else f" {percent(trade.profit_ratio * 100)}"
    end = trade.closed or parts.now()
    lasted = describe_seconds((end - trade.opened).total_seconds())
    at = "" if trade.open_rate is None else f" at {price(trade.open_rate)}"
    ended = f"closed after {lasted}: {plain(trade.exit_reason)}" if trade.closed else f"open for {lasted}"
    if trade.unseen_since:
        ended = f"not seen since {minute(trade.unseen_since)}"
    return f"{bold(f'{trade.trade_id} {plain(trade.pair)}')} {trade.side}{at}, {ended}{profit}"


def _figures(cell: Cell) -> str:
    figures = f"{cell.events} signals after {cell.horizon}"
    if cell.mean is None:
        return f"{figures}: too few for figures"
    right = "" if cell.hit_share is None else f", right {share(cell.hit_share)}"
    directed = "" if cell.directed is None else f", in the direction of the score {percent(cell.directed, 3)}"
    return f"{figures}: return {percent(cell.mean, 3)}, control {percent(cell.control, 3)}{directed}{right}"
