"""Reads the trades of a bot that changed since they were last read.

A trade counts from the first fill of its entry order on. A trade that was deleted in Freqtrade ends when this is
noticed, with `DELETED` as its exit reason and without a profit, because nobody knows one. That is done by hand:
Freqtrade itself deletes only trades without a fill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from services.common.clock import Clock
from services.common.history.rows import ARTICLE_OF_TRADE, DELETED, TradeRow
from services.history_recorder.freqtrade.rest import FreqtradeRest
from services.history_recorder.freqtrade.rows import trade_row

PAGE = 200
T = TypeVar("T")


class Asked(Protocol):
    """Calls a question and returns its answer."""

    def __call__(self, question: Callable[[], T], /) -> T:
        """Return the answer. Raises TryLater and StopProgram."""
        ...


def trades_cursor(bot: str) -> str:
    """The name under which the history keeps when the last recorded trade of a bot was closed."""
    return f"trades:{bot}"


@dataclass(frozen=True, slots=True)
class FoundTrades:
    """What a reading brought.

    Attributes:
        trades: the trades that changed.
        open_now: the open trades whose entry is filled, at least in part, by id.
        position: when the last of the closed trades was closed; None if no trade was ever closed.
    """

    trades: tuple[TradeRow, ...]
    open_now: dict[int, TradeRow]
    position: datetime | None


class TradeReader:
    """Reads the trades of one bot. Used from one thread.

    Args:
        asked: calls a question of the REST API.
        recorded: returns the trades of a bot that the history has: all that are open, and those opened last.
    """

    def __init__(
        self, clock: Clock, asked: Asked, recorded: Callable[[str], Iterable[TradeRow]] = lambda _bot: ()
    ) -> None:
        self._clock, self._asked, self._recorded = clock, asked, recorded
        self._open: dict[int, TradeRow] = {}
        self._closed: dict[int, datetime] = {}  # trades that closed at the position, and were handed over

    def read(
        self, rest: FreqtradeRest, bot: str, since: datetime | None, *, catches_up: bool = False
    ) -> FoundTrades:
        """Read what changed; `since` is when the last recorded trade was closed. Raises TryLater and StopProgram.

        `catches_up` says that nobody listened before. A clock that was set back meanwhile lets trades close before
        `since`, so those of the first page that the history does not have as closed are read too, and those that it
        has as open are looked for.
        """
        recorded = {row.trade_id: row for row in self._recorded(bot)} if catches_up else {}
        known = {id_: row for id_, row in recorded.items() if not _has_ended(row)} | self._open
        # Open trades first: a trade that closes between the two questions is in both answers, never in none.
        listed = self._asked(rest.open_trades)
        entered = self._rows(bot, filter(_has_entered, listed))
        still_open = [self._with_article(rest, row) for row in entered]
        closed = {row.trade_id: row for row in self._closed_since(rest, bot, since)}
        missed = {id_ for id_ in closed if catches_up and not _has_ended(recorded.get(id_))}
        new = [
            self._with_article(rest, row)
            for row in closed.values()
            if row.trade_id in missed or self._is_new(row, since)
        ]
        changed = [row for row in still_open if row.trade_id not in closed and self._is_changed(row)]
        unlisted = known.keys() - closed.keys() - {int(trade["trade_id"]) for trade in listed}
        ended = [self._ended(rest, bot, known[trade_id]) for trade_id in sorted(unlisted)]
        return FoundTrades(
            (*changed, *new, *ended),
            {row.trade_id: row for row in still_open if row.trade_id not in closed},
            max((row.closed for row in new if row.closed), default=since),
        )

    def _ended(self, rest: FreqtradeRest, bot: str, known: TradeRow) -> TradeRow:
        """A trade that is neither among the open ones nor among those that were closed lately."""
        now, trade = self._clock.now(), self._asked(partial(rest.trade, known.trade_id))
        if trade is not None:
            return self._with_article(rest, trade_row(bot, trade, now))
        return replace(known, closed=max(now, known.opened), updated=now, exit_reason=DELETED)

    def handed_over(self, found: FoundTrades) -> None:
        """Remember that these trades were handed over."""
        self._open = found.open_now
        self._closed |= {row.trade_id: row.closed for row in found.trades if row.closed}
        if newest := found.position:
            self._closed = {id_: closed for id_, closed in self._closed.items() if closed >= newest}

    def _is_changed(self, row: TradeRow) -> bool:
        known = self._open.get(row.trade_id)
        return known is None or replace(known, updated=row.updated) != row

    def _is_new(self, row: TradeRow, since: datetime | None) -> bool:
        """Whether a closed trade was not handed over yet.

        A clock that was set back lets a trade close before others that are closed already, which is noticed by the
        trade having been open.
        """
        if row.trade_id in self._open or since is None or row.closed is None:
            return True
        return row.closed >= since and row.trade_id not in self._closed

    def _closed_since(self, rest: FreqtradeRest, bot: str, since: datetime | None) -> Iterator[TradeRow]:
        """The trades that closed at `since` or later, and some before."""
        offset = 0
        while page := self._rows(bot, self._asked(partial(rest.closed_trades, PAGE, offset))):
            yield from page
            oldest = min((row.closed for row in page if row.closed), default=None)
            if len(page) < PAGE or (since and oldest and oldest < since):
                return
            offset += len(page)

    def _with_article(self, rest: FreqtradeRest, row: TradeRow) -> TradeRow:
        """The row with the article that the strategy stored with the trade, which no other answer of Freqtrade has."""
        known = self._open.get(row.trade_id)
        article = known.details.get(ARTICLE_OF_TRADE) if known else None
        article = article or self._asked(partial(rest.article_of, row.trade_id))
        return replace(row, details={**row.details, ARTICLE_OF_TRADE: article}) if article else row

    def _rows(self, bot: str, trades: Iterable[Mapping[str, Any]]) -> list[TradeRow]:
        now = self._clock.now()
        return [trade_row(bot, trade, now) for trade in trades]


def _has_ended(row: TradeRow | None) -> bool:
    return row is not None and row.closed is not None


def _has_entered(trade: Mapping[str, Any]) -> bool:
    """Whether something was bought. Freqtrade deletes a trade whose entry order is cancelled before it is filled."""
    entry_side = "sell" if trade.get("is_short") else "buy"
    return any(order["ft_order_side"] == entry_side and order.get("filled") for order in trade["orders"])
