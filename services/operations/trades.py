"""The trades of the bot as they were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.common.history.followed_bot import POSITION, FollowedBot
from services.common.history.port import HistoryReader
from services.common.history.queries import DEFAULT_LIMIT, TradeFilter
from services.common.history.rows import ARTICLE_OF_TRADE, TradeRow
from services.operations.answer import Answer


@dataclass(frozen=True, slots=True)
class Trade(Answer):
    """A trade in its last known state.

    Attributes:
        side: long or short.
        stake, profit_abs: in the stake currency; the profit of an open trade is the one at `updated`.
        article_id: the article that was known at the entry; empty if it is not recorded.
        unseen_since: of an open trade: since when the recorder reads another bot or another database of Freqtrade, so
            that nobody sees whether the trade is still open; None while it is seen.
    """

    bot: str
    trade_id: int
    pair: str
    side: str
    opened: datetime
    closed: datetime | None
    open_rate: float | None
    close_rate: float | None
    stake: float | None
    profit_ratio: float | None
    profit_abs: float | None
    enter_tag: str
    exit_reason: str
    article_id: str
    updated: datetime
    unseen_since: datetime | None = None

    @classmethod
    def of(cls, row: TradeRow, followed: FollowedBot | None = None) -> Trade:
        """The trade of a row of the history; `followed` is the bot whose trades are read now."""
        is_unseen = followed is not None and row.closed is None and row.bot != followed.name
        return cls(
            bot=row.bot,
            trade_id=row.trade_id,
            pair=row.pair,
            side="short" if row.is_short else "long",
            opened=row.opened,
            closed=row.closed,
            open_rate=row.open_rate,
            close_rate=row.close_rate,
            stake=row.stake,
            profit_ratio=row.profit_ratio,
            profit_abs=row.profit_abs,
            enter_tag=row.enter_tag,
            exit_reason=row.exit_reason,
            article_id=_article(row.details),
            updated=row.updated,
            unseen_since=followed.since if followed and is_unseen else None,
        )


@dataclass(frozen=True, slots=True)
class TradePage(Answer):
    """Some trades, and the cursor of the page after these; None at the end of the list."""

    trades: tuple[Trade, ...] = ()
    next: str | None = None


def list_trades(
    history: HistoryReader,
    *,
    pair: str | None = None,
    open_only: bool = False,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> TradePage:
    """List trades, the one opened last first. Raises NeverWorks, TryLater and StopProgram, as the history does."""
    which = TradeFilter(pairs=(pair,) if pair else (), is_open=True if open_only else None)
    page = history.trades(which, limit=limit, after=cursor)
    followed = followed_bot(history)
    return TradePage(tuple(Trade.of(row, followed) for row in page.rows), page.next)


def followed_bot(history: HistoryReader) -> FollowedBot | None:
    """The bot whose trades are recorded now; None if none ever was. Raises TryLater and StopProgram."""
    return FollowedBot.read(history.position(POSITION))


def _article(details: Mapping[str, Any]) -> str:
    found = details.get(ARTICLE_OF_TRADE)
    return found if isinstance(found, str) else ""
