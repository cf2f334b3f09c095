"""Trades that were opened and closed, and steps of profit and loss that open ones reach."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notifier.happening import Happening, Importance, Kind
from services.notifier.wording.trades import about_entry, about_exit_of, about_step
from services.operations.portfolio import Position
from services.operations.trades import Trade

TOLD_WITHIN = timedelta(days=7)
"""A trade that was opened or closed longer before it was recorded is not told, and no digest names it.

It is shorter than the history keeps notices, by which a trade that is recorded again is known to be told.
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """The highest steps of profit and loss, in percent, that a trade has passed; 0 if none."""

    profit: float = 0.0
    loss: float = 0.0


def name_of(trade: Trade) -> str:
    """The trade as happenings name it."""
    return f"{trade.bot}/{trade.trade_id}"


def when_opened(trade: Trade) -> Trade:
    """The trade in the state in which it was opened."""
    return replace(
        trade, closed=None, close_rate=None, profit_ratio=None, exit_reason="", updated=trade.opened
    )


def trade_happenings(
    trade: Trade, reasons: Sequence[str], since: datetime, loss_steps: Sequence[float] = ()
) -> tuple[Happening, ...]:
    """The entry of an open trade or the exit of a closed one, if it happened since `since`.

    An exit is urgent if its loss, in percent of the stake, is at least the smallest of `loss_steps`.
    """
    found = []
    name = name_of(trade)
    if trade.closed is None and trade.opened >= since:
        found.append(
            Happening(
                key=f"trade:{name}:entry",
                kind=Kind.ENTRY,
                at=trade.opened,
                message=about_entry(trade, reasons),
                pairs=(trade.pair,),
                article=trade.article_id,
                trade=name,
            )
        )
    if trade.closed is not None and trade.closed >= since:
        change = None if trade.profit_ratio is None else trade.profit_ratio * 100
        is_loss = change is not None and -change >= min(loss_steps, default=math.inf)
        found.append(
            Happening(
                key=f"trade:{name}:exit",
                kind=Kind.EXIT,
                at=trade.closed,
                message=about_exit_of(trade, reasons),
                pairs=(trade.pair,),
                article=trade.article_id,
                importance=Importance.URGENT if is_loss else Importance.NOTABLE,
                trade=name,
                change=change,
            )
        )
    return tuple(found)


def step_happenings(
    positions: Sequence[Position],
    passed: Mapping[str, Passed],
    profit_steps: Sequence[float],
    loss_steps: Sequence[float],
    now: datetime,
    *,
    oldest: datetime,
) -> tuple[tuple[Happening, ...], dict[str, Passed]]:
    """The steps that trades have passed since `passed`, and what they have passed now.

    A trade that passes several steps at once is told with the highest. A step that it passed before is not told
    again when the price comes back. Profit and loss are percent of the stake, so leverage is in them. A candle that
    opened before `oldest` says nothing about the price of now.
    """
    found: list[Happening] = []
    reached: dict[str, Passed] = {}
    for position in positions:
        name = name_of(position.trade)
        before = passed.get(name, Passed())
        change = _of_stake(position, oldest)
        profit = _highest(profit_steps, change, before.profit)
        loss = _highest(loss_steps, -change, before.loss)
        reached[name] = Passed(profit, loss)
        if profit > before.profit:
            found.append(_step(position, Kind.PROFIT, profit, change, now))
        if loss > before.loss:
            found.append(_step(position, Kind.LOSS, loss, change, now))
    return tuple(found), reached


def _of_stake(position: Position, oldest: datetime) -> float:
    """The change in percent of the stake; 0, by which nothing is passed, without a price of now."""
    if position.change is None or position.price_at is None or position.price_at < oldest:
        return 0.0
    stake = position.trade.stake
    return position.change if position.gain is None or not stake else position.gain / stake * 100


def _highest(steps: Sequence[float], value: float, before: float) -> float:
    return max((step for step in steps if before < step <= value), default=before)


def _step(position: Position, kind: Kind, step: float, change: float, now: datetime) -> Happening:
    trade = position.trade
    return Happening(
        key=f"trade:{name_of(trade)}:{kind.value}:{step:g}",
        kind=kind,
        at=now,
        message=about_step(trade, change, step, position.price, position.price_at),
        importance=Importance.URGENT if kind is Kind.LOSS else Importance.NOTABLE,
        pairs=(trade.pair,),
        article=trade.article_id,
        trade=name_of(trade),
        change=change,
    )
