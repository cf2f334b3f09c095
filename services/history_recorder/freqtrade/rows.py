"""Turns answers of Freqtrade's API into rows of the history. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.common.clock import from_ms
from services.common.history.rows import AnalysedRow, TradeRow

_MOVING = (
    *("current_rate", "max_rate", "min_rate"),
    *("profit_", "total_profit_", "stoploss_current_dist", "close_profit"),
)
"""How the fields begin that change with every price while a trade is open."""
_COLUMNS = frozenset(
    {"trade_id", "pair", "is_short", "open_timestamp", "close_timestamp", "open_rate", "close_rate"}
    | {"stake_amount", "profit_ratio", "profit_abs", "enter_tag", "exit_reason", "open_date", "close_date"}
)


def trade_row(bot: str, trade: Mapping[str, Any], updated: datetime) -> TradeRow:
    """The row of a trade. An open trade has no profit yet, so that its row changes only when the bot does something.

    Raises:
        KeyError, TypeError, ValueError: the object is not a trade of Freqtrade.
    """
    closed, is_open = trade.get("close_timestamp"), bool(trade["is_open"])
    details = {name: value for name, value in trade.items() if name not in _COLUMNS}
    if is_open:
        details = {name: value for name, value in details.items() if not name.startswith(_MOVING)}
    return TradeRow(
        bot=bot,
        trade_id=int(trade["trade_id"]),
        pair=str(trade["pair"]),
        opened=from_ms(int(trade["open_timestamp"])),
        updated=updated,
        is_short=bool(trade.get("is_short")),
        closed=from_ms(int(closed)) if closed and not is_open else None,
        open_rate=trade.get("open_rate"),
        close_rate=None if is_open else trade.get("close_rate"),
        stake=trade.get("stake_amount"),
        profit_ratio=None if is_open else trade.get("profit_ratio"),
        profit_abs=None if is_open else trade.get("profit_abs"),
        enter_tag=str(trade.get("enter_tag") or ""),
        exit_reason="" if is_open else str(trade.get("exit_reason") or ""),
        details=details,
    )


def analysed_rows(answer: Mapping[str, Any], after: datetime, seen: datetime) -> list[AnalysedRow]:
    """The rows of the strategy's dataframe whose candles opened later than `after`, the oldest first.

    Freqtrade adds columns for its plots, which are left out.

    Raises:
        KeyError, TypeError, ValueError: the answer is not a dataframe of Freqtrade.
    """
    columns: list[str] = answer["columns"]
    own = set(answer.get("all_columns") or columns) - {"date", "__date_ts"}
    opened_at = columns.index("__date_ts") if "__date_ts" in columns else None
    rows = []
    for values in answer["data"]:
        if opened_at is None:
            break  # there is no candle yet
        opened = from_ms(int(values[opened_at]))
        if opened > after:
            row = {name: value for name, value in zip(columns, values, strict=True) if name in own}
            rows.append(
                AnalysedRow(
                    pair=answer["pair"],
                    timeframe=answer["timeframe"],
                    opened=opened,
                    values=row,
                    seen=seen,
                )
            )
    return rows


def before_first(started: datetime, timeframe: timedelta) -> datetime:
    """The opening of the last candle that a bot never decided on: the one before the last candle that was closed.

    A bot that starts decides first on the last candle that is closed then.
    """
    step = timeframe.total_seconds()
    forming = math.floor(started.timestamp() / step) * step
    return datetime.fromtimestamp(forming, UTC) - 2 * timeframe


def how_many(after: datetime, now: datetime, timeframe: timedelta) -> int:
    """The number of rows to ask for so that all after `after` are among them."""
    return max(math.ceil((now - after) / timeframe) + 1, 2)
