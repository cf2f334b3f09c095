"""Turns answers of Freqtrade's API into rows of the history. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
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


def decided_row(data: Mapping[str, Any], seen: datetime) -> AnalysedRow:
    """The row of a message about an analysed dataframe: the newest one, on which the bot decides.

    Freqtrade rounds the numbers of its messages to ten decimal places: see `exact`.

    Raises:
        KeyError, TypeError, ValueError: the message is not understood.
    """
    pair, timeframe, *_ = data["key"]
    frame = json.loads(data["df"]["__value__"])
    values = dict(zip(frame["columns"], frame["data"][-1], strict=True))
    opened = from_ms(int(values.pop("date")))
    return AnalysedRow(pair=str(pair), timeframe=str(timeframe), opened=opened, values=values, seen=seen)


def exact(told: AnalysedRow, asked: AnalysedRow | None) -> AnalysedRow:
    """The told row with all digits of the asked one, unless the asked one has other values.

    The bot may have analysed the row again before it was asked, with a candle that was corrected meanwhile.
    """
    if asked is None or asked.values.keys() != told.values.keys():
        return told
    is_same = all(_is_rounded(value, asked.values[name]) for name, value in told.values.items())
    return replace(told, values=asked.values) if is_same else told


def _is_rounded(told: object, asked: object) -> bool:
    if isinstance(told, float | int) and isinstance(asked, float | int):
        return math.isclose(told, asked, rel_tol=1e-14, abs_tol=1e-10)
    return told == asked or not isinstance(told, float | int)


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
