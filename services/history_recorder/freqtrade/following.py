"""Follows a bot: its trades, and the row of the strategy's dataframe for each new candle.

Messages of the WebSocket only say that something happened. What happened is asked over REST, the same way after a
message as after a gap, so a message that was lost or repeated changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.history.port import Batch
from services.common.history.rows import AnalysedRow, TradeRow
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.common.values import timeframe_seconds
from services.history_recorder.freqtrade.messages import (
    NEW_CANDLE,
    OPEN_SECONDS,
    TRADE_MESSAGES,
    MessageStream,
)
from services.history_recorder.freqtrade.rest import TIMEOUT_SECONDS, Bot, FreqtradeRest
from services.history_recorder.freqtrade.rows import analysed_rows, before_first, how_many, trade_row
from services.history_recorder.inbox import Inbox

LISTEN_SECONDS = 1.0
SYNC_SECONDS = 60.0
"""The interval at which trades are asked for even without a message."""
PAGE = 200
MOST_ROWS = 1_500


def is_followed(settings: Settings) -> bool:
    """Whether the settings have the credentials of a bot."""
    return settings.freqtrade_api_pass is not None and settings.freqtrade_ws_token is not None


def trades_cursor(bot: str) -> str:
    """The name under which the history keeps when the last recorded trade of a bot was closed."""
    return f"trades:{bot}"


def analysed_cursor(pair: str, timeframe: str) -> str:
    """The name under which the history keeps the opening of a pair's last analysed row."""
    return f"analysed:{pair}:{timeframe}"


@dataclass(slots=True)
class News:
    """What the messages since the last look were about."""

    trades: bool = False
    pairs: dict[str, None] = field(default_factory=dict)

    def note(self, message: dict[str, Any]) -> None:
        """Take a message into account."""
        kind, data = message.get("type"), message.get("data")
        if kind in TRADE_MESSAGES:
            self.trades = True
        elif kind == NEW_CANDLE and isinstance(data, list) and data:
            self.pairs[str(data[0])] = None


class FreqtradeFollower:
    """Reads what is new of one bot and puts it into the inbox. Used from one thread.

    Args:
        position_of: returns a position of the history; see `HistoryWriter.position`.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        inbox: Inbox,
        position_of: Callable[[str], str | None],
        *,
        work: CallsInProgress,
    ) -> None:
        self._settings, self._clock, self._inbox = settings, clock, inbox
        self._position_of, self._work = position_of, work
        self._positions: dict[str, datetime] = {}
        self._open: dict[int, TradeRow] = {}
        self._closed: dict[int, datetime] = {}  # trades that closed at the position, and were handed over

    def step(self, stop: threading.Event) -> float:
        """Follow the bot until the connection is lost or `stop` is set. Raises TryLater and StopProgram."""
        with closing(FreqtradeRest(self._settings)) as rest:
            with self._work.doing("connecting to Freqtrade", 2 * OPEN_SECONDS):
                stream = MessageStream(self._settings)
            # The subscription comes before the first look, so that nothing happens between the two unseen.
            with stream:
                bot = self._asked(rest.bot)
                news = News(trades=True, pairs=dict.fromkeys(self._asked(rest.whitelist)))
                synced = time.monotonic()
                while not stop.is_set():
                    self._look(rest, bot, news, stop)
                    news = self._listen(stream)
                    if time.monotonic() - synced >= SYNC_SECONDS:
                        news.trades, synced = True, time.monotonic()
        return 0.0

    def _asked(self, question: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the question
        with self._work.doing("asking Freqtrade", 2 * TIMEOUT_SECONDS):
            return question()

    def _listen(self, stream: MessageStream) -> News:
        """Wait for a message, and take all that follow it at once into account."""
        news = News()
        with self._work.doing("listening to Freqtrade", LISTEN_SECONDS):
            message = stream.receive(LISTEN_SECONDS)
            while message is not None:
                news.note(message)
                message = stream.receive(0)
        return news

    def _look(self, rest: FreqtradeRest, bot: Bot, news: News, stop: threading.Event) -> None:
        try:
            for pair in news.pairs:
                self._look_at_candles(rest, bot, pair, stop)
            if news.trades:
                self._look_at_trades(rest, bot, stop)
        except (KeyError, TypeError, ValueError) as error:
            raise TryLater(f"Freqtrade's answer is not understood: {error!r}") from error

    def _look_at_candles(self, rest: FreqtradeRest, bot: Bot, pair: str, stop: threading.Event) -> None:
        cursor, step = (
            analysed_cursor(pair, bot.timeframe),
            timedelta(seconds=timeframe_seconds(bot.timeframe)),
        )
        after = max(
            self._position(cursor) or before_first(bot.started, step), before_first(bot.started, step)
        )
        now = self._clock.now()
        limit = min(how_many(after, now, step), MOST_ROWS)
        answer = self._asked(lambda: rest.candles(pair, bot.timeframe, limit))
        rows: list[AnalysedRow] = analysed_rows(answer, after, self._clock.now())
        if rows:
            newest = rows[-1].opened
            if self._inbox.put(Batch(analysed=rows, cursors={cursor: newest.isoformat()}), stop):
                self._positions[cursor] = newest

    def _look_at_trades(self, rest: FreqtradeRest, bot: Bot, stop: threading.Event) -> None:
        cursor = trades_cursor(bot.name)
        since = self._position(cursor)
        # Open trades first: a trade that closes between the two questions is in both answers, never in none.
        still_open = self._rows(bot, self._asked(rest.open_trades))
        closed = {row.trade_id: row for row in self._closed_since(rest, bot, since)}
        new = [row for row in closed.values() if self._is_new(row, since)]
        changed = [
            row for row in still_open if row.trade_id not in closed and self._open.get(row.trade_id) != row
        ]
        if not changed and not new:
            return
        newest = max((row.closed for row in new if row.closed), default=since)
        cursors = {cursor: newest.isoformat()} if newest and newest != since else {}
        if self._inbox.put(Batch(trades=[*changed, *new], cursors=cursors), stop):
            self._open = {row.trade_id: row for row in still_open if row.trade_id not in closed}
            self._closed |= {row.trade_id: row.closed for row in new if row.closed}
            if newest:
                self._positions[cursor] = newest
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

    def _closed_since(self, rest: FreqtradeRest, bot: Bot, since: datetime | None) -> Iterator[TradeRow]:
        """The trades that closed at `since` or later, and some before."""
        offset = 0
        while page := self._rows(bot, self._asked(partial(rest.closed_trades, PAGE, offset))):
            yield from page
            oldest = min((row.closed for row in page if row.closed), default=None)
            if len(page) < PAGE or (since and oldest and oldest < since):
                return
            offset += len(page)

    def _rows(self, bot: Bot, trades: list[dict[str, Any]]) -> list[TradeRow]:
        now = self._clock.now()
        return [trade_row(bot.name, trade, now) for trade in trades]

    def _position(self, cursor: str) -> datetime | None:
        """How far the history is, or will be when the inbox is written."""
        if cursor not in self._positions and (text := self._position_of(cursor)):
            self._positions[cursor] = datetime.fromisoformat(text)
        return self._positions.get(cursor)
