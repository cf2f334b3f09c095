"""Follows a bot: its trades, and the row of the strategy's dataframe that it decides on at each new candle.

Messages of the WebSocket say that a trade changed, and which row the bot has analysed. Everything else is asked over
REST, so a message that was lost or repeated changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from services.common.clock import Clock
from services.common.errors import StopProgram, TryLater
from services.common.history.followed_bot import POSITION, FollowedBot
from services.common.history.port import Batch
from services.common.history.rows import AnalysedRow, TradeRow
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.common.values import timeframe_seconds
from services.history_recorder.freqtrade.messages import (
    ANALYSED,
    OPEN_SECONDS,
    TRADE_MESSAGES,
    MessageStream,
)
from services.history_recorder.freqtrade.rest import TIMEOUT_SECONDS, Bot, FreqtradeRest
from services.history_recorder.freqtrade.rows import (
    analysed_rows,
    before_first,
    decided_row,
    exact,
    how_many,
)
from services.history_recorder.freqtrade.trades import TradeReader, trades_cursor
from services.history_recorder.inbox import Inbox

LISTEN_SECONDS = 1.0
SYNC_SECONDS = 60.0
"""The interval at which trades are asked for even without a message."""
MOST_ROWS = 1_500
T = TypeVar("T")


def is_followed(settings: Settings) -> bool:
    """Whether the settings have the credentials of a bot."""
    return settings.freqtrade_api_pass is not None and settings.freqtrade_ws_token is not None


def analysed_cursor(pair: str, timeframe: str) -> str:
    """The name under which the history keeps the opening of a pair's last analysed row."""
    return f"analysed:{pair}:{timeframe}"


@dataclass(slots=True)
class News:
    """What the messages since the last look said: whether trades changed, and the rows that the bot decided on."""

    trades: bool = False
    rows: list[AnalysedRow] = field(default_factory=list)

    def note(self, message: dict[str, Any], seen: datetime) -> None:
        """Take a message into account. Raises KeyError, TypeError and ValueError if it is not understood."""
        if message.get("type") in TRADE_MESSAGES:
            self.trades = True
        elif message.get("type") == ANALYSED:
            self.rows.append(decided_row(message["data"], seen))


@dataclass(slots=True)
class _Connection:
    rest: FreqtradeRest
    stream: MessageStream
    synced: float  # when trades were last asked for


class FreqtradeFollower:
    """Reads what is new of one bot and puts it into the inbox. Used from one thread.

    Args:
        position_of: returns a position of the history; see `HistoryWriter.position`.
        recorded: see `TradeReader`.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        inbox: Inbox,
        position_of: Callable[[str], str | None],
        *,
        work: CallsInProgress,
        recorded: Callable[[str], Iterable[TradeRow]] = lambda _bot: (),
    ) -> None:
        self._settings, self._clock, self._inbox = settings, clock, inbox
        self._position_of, self._work = position_of, work
        self._opened = ExitStack()
        self._connection: _Connection | None = None
        self._positions: dict[str, datetime] = {}
        self._followed: FollowedBot | None = None
        self._trades = TradeReader(clock, self._asked, recorded)

    def step(self, stop: threading.Event) -> float:
        """Connect and catch up, or listen once. Raises TryLater and StopProgram, and connects anew after them."""
        try:
            with _understood():
                if self._connection is None:
                    self._connection = self._connect(stop)
                else:
                    self._follow(self._connection, stop)
        except (TryLater, StopProgram):
            self.close()
            raise
        return 0.0

    def close(self) -> None:
        """Close the connection. May be called twice."""
        self._opened.close()
        self._connection = None

    def _connect(self, stop: threading.Event) -> _Connection:
        rest = self._opened.enter_context(closing(FreqtradeRest(self._settings)))
        with self._work.doing("connecting to Freqtrade", 2 * OPEN_SECONDS):
            stream = self._opened.enter_context(MessageStream(self._settings))
        # The subscription comes before the first look, so that nothing happens between the two unseen.
        self._catch_up(rest, stop)
        return _Connection(rest, stream, time.monotonic())

    def _follow(self, connection: _Connection, stop: threading.Event) -> None:
        news = self._listen(connection.stream)
        self._look_at_rows(connection.rest, news.rows, stop)
        if news.trades or time.monotonic() - connection.synced >= SYNC_SECONDS:
            self._look_at_trades(connection.rest, stop)
            connection.synced = time.monotonic()

    def _asked(self, question: Callable[[], T]) -> T:
        with self._work.doing("asking Freqtrade", 2 * TIMEOUT_SECONDS):
            return question()

    def _listen(self, stream: MessageStream) -> News:
        """Wait for a message, and take all that follow it at once into account."""
        news = News()
        with self._work.doing("listening to Freqtrade", LISTEN_SECONDS):
            message = stream.receive(LISTEN_SECONDS)
            while message is not None:
                news.note(message, self._clock.now())
                message = stream.receive(0)
        return news

    def _catch_up(self, rest: FreqtradeRest, stop: threading.Event) -> None:
        """Read what happened while nobody listened.

        Nobody knows then which rows the bot decided on: all that it has since the last one count, with their present
        values.
        """
        bot = self._asked(rest.bot)
        if bot is None:
            return
        before = before_first(bot.started, timedelta(seconds=timeframe_seconds(bot.timeframe)))
        for pair in self._asked(rest.whitelist):
            last = self._position(analysed_cursor(pair, bot.timeframe))
            after = max(last or before, before)
            self._hand_over(self._rows_after(rest, pair, bot.timeframe, after), stop)
        self._look_at_trades(rest, stop, catches_up=True)

    def _look_at_rows(self, rest: FreqtradeRest, told: list[AnalysedRow], stop: threading.Event) -> None:
        """Hand over the rows of messages with all their digits, which only REST gives."""
        for (pair, timeframe), rows in _by_pair(told).items():
            last = self._position(analysed_cursor(pair, timeframe))
            new = {row.opened: row for row in reversed(rows) if last is None or row.opened > last}
            if new:
                after = min(new) - timedelta(microseconds=1)
                asked = {row.opened: row for row in self._rows_after(rest, pair, timeframe, after)}
                self._hand_over([exact(row, asked.get(opened)) for opened, row in sorted(new.items())], stop)

    def _rows_after(
        self, rest: FreqtradeRest, pair: str, timeframe: str, after: datetime
    ) -> list[AnalysedRow]:
        step = timedelta(seconds=timeframe_seconds(timeframe))
        limit = min(how_many(after, self._clock.now(), step), MOST_ROWS)
        answer = self._asked(partial(rest.candles, pair, timeframe, limit))
        return analysed_rows(answer, after, self._clock.now())

    def _hand_over(self, rows: list[AnalysedRow], stop: threading.Event) -> None:
        if not rows:
            return
        newest = rows[-1]
        cursor = analysed_cursor(newest.pair, newest.timeframe)
        if self._inbox.put(Batch(analysed=rows, cursors={cursor: newest.opened.isoformat()}), stop):
            self._positions[cursor] = newest.opened

    def _look_at_trades(
        self, rest: FreqtradeRest, stop: threading.Event, *, catches_up: bool = False
    ) -> None:
        bot = self._asked(rest.bot)
        if bot is None:
            return
        self._note(bot, stop)
        cursor = trades_cursor(bot.name)
        found = self._trades.read(rest, bot.name, self._position(cursor), catches_up=catches_up)
        if not found.trades:
            return
        cursors = {cursor: found.position.isoformat()} if found.position else {}
        if self._inbox.put(Batch(trades=found.trades, cursors=cursors), stop):
            self._trades.handed_over(found)
            if found.position:
                self._positions[cursor] = found.position

    def _note(self, bot: Bot, stop: threading.Event) -> None:
        """Record which bot is followed, if it is another one than before."""
        followed = self._followed or FollowedBot.read(self._position_of(POSITION))
        if followed is None or followed.name != bot.name:
            followed = FollowedBot(bot.name, self._clock.now())
            if not self._inbox.put(Batch(cursors={POSITION: followed.written()}), stop):
                return
        self._followed = followed

    def _position(self, cursor: str) -> datetime | None:
        """How far the history is, or will be when the inbox is written."""
        if cursor not in self._positions and (text := self._position_of(cursor)):
            self._positions[cursor] = datetime.fromisoformat(text)
        return self._positions.get(cursor)


@contextmanager
def _understood() -> Iterator[None]:
    """Raise TryLater for an answer or a message that is not what Freqtrade is known to say."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise TryLater(f"Freqtrade is not understood: {error!r}") from error


def _by_pair(rows: list[AnalysedRow]) -> dict[tuple[str, str], list[AnalysedRow]]:
    found: dict[tuple[str, str], list[AnalysedRow]] = {}
    for row in rows:
        found.setdefault((row.pair, row.timeframe), []).append(row)
    return found
