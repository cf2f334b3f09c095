"""The bot: connects, answers, and sends, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog
from telegram import BotCommand
from telegram.error import InvalidToken, RetryAfter, TelegramError

from services.common.clock import Clock
from services.common.errors import StopProgram, TryLater
from services.common.history.notifying.port import NotifierLog
from services.common.history.port import HistoryReader
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import DependencyHealth
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.channels.port import SEND_SECONDS, Unsure
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.channel import telegram_channels
from services.notifier.telegram.commands.catalogue import CATALOGUE
from services.notifier.telegram.connection.answering import Answerer
from services.notifier.telegram.connection.client import WRONG_TOKEN, open_bot, said, seconds_of
from services.notifier.telegram.connection.polling import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Poller
from services.notifier.telegram.connection.sending import Sender
from services.notifier.telegram.connection.taken import Taken
from services.notifier.telegram.conversation import Conversation
from services.notifier.telegram.notes import ControlNotes
from services.notifier.telegram.reply import Reply

log = structlog.get_logger(__name__)

FIRST_CONTACT_SECONDS = 10.0
STOP_SECONDS = 5.0
TAKEN_FILE = "telegram_updates.json"
_THREADS = 4
_SLOW_IMPORTS = ("cryptoboy_sentiment", "pandas")


def open_telegram(
    settings: Settings,
    clock: Clock,
    *,
    store: SentimentStore,
    history: HistoryReader,
    log: NotifierLog,
    work: CallsInProgress,
) -> TelegramBot:
    """Make the bot, which connects when it is started. Raises StopProgram if the token is not written like one."""
    return TelegramBot(Parts(settings, clock, store, history, log), ControlNotes(log, clock), work)


class TelegramBot:
    """One bot with its chats. The methods may be called from any thread.

    Args:
        parts: what the commands answer from.
        notes: where controls are noted.
        work: where answers in progress are recorded.

    Attributes:
        channels: the chats as channels of the notifier.

    Raises:
        StopProgram: the token is not written like one.
    """

    def __init__(self, parts: Parts, notes: ControlNotes, work: CallsInProgress) -> None:
        settings = parts.settings
        self._chats = tuple(int(each) for each in settings.notify_telegram_chats or ())
        self.channels = telegram_channels(self._chats, self.send)
        self._bot = open_bot(settings)
        self._parts = parts
        self._notes = notes
        self._conversation = Conversation(parts, notes.note)
        self._work = work
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._main: asyncio.Task[None] | None = None
        self._met = threading.Event()
        self._fault: Exception | None = None
        self._sender = Sender(self._bot)
        self._state = DependencyHealth(ok=False, detail="Telegram was not reached yet", required=False)
        self._poller: Poller | None = None

    def start(self) -> None:
        """Connect, and answer from now on. If Telegram is away, it is tried again in the background.

        Raises:
            StopProgram: Telegram refuses the token.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)
            self._thread.start()
        self._met.wait(FIRST_CONTACT_SECONDS)
        if self._fault is not None:
            raise self._fault

    def check(self) -> None:
        """Note controls that still wait for it; to be called every few seconds.

        A token that is refused later ends no notifier, because its other channels work: `health` and `send` say it.
        Any other error is raised: the conversation has ended unexpectedly.
        """
        self._notes.flush()
        if self._fault is not None and not isinstance(self._fault, StopProgram):
            raise self._fault

    def health(self) -> DependencyHealth:
        """The state of the connection when it was last used."""
        if self._fault is not None:
            return DependencyHealth(ok=False, detail=str(self._fault), required=False)
        return self._state if self._poller is None else self._poller.state

    def send(self, chat: int, reply: Reply) -> None:
        """Send a message. Raises as `Channel.send`."""
        if isinstance(self._fault, StopProgram):
            raise StopProgram(str(self._fault))
        if self._loop.is_closed():
            raise TryLater("the connection to Telegram is closed")
        begun = threading.Event()
        sending = asyncio.run_coroutine_threadsafe(self._sender.send(chat, reply, begun), self._loop)
        try:
            sending.result(SEND_SECONDS)
        except TimeoutError:
            sending.cancel()
            if not begun.is_set():
                raise TryLater("the turn of the message to Telegram did not come in time") from None
            raise Unsure("the message to Telegram was not confirmed in time") from None

    def close(self) -> None:
        """Stop answering and close the connections. May be called twice."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._end)
            thread.join(STOP_SECONDS)
        self._notes.flush()

    def _end(self) -> None:
        if self._main is not None:
            self._main.cancel()

    def _run(self) -> None:
        self._main = self._loop.create_task(self._serve())
        try:
            self._loop.run_until_complete(self._main)
        except asyncio.CancelledError:
            log.info("telegram_stopped")
        except Exception as error:  # noqa: BLE001 - `check` raises it in the thread of the service
            self._fault = error
            log.error("telegram_ended", error=str(error))  # noqa: TRY400 - the trace may have the token
        finally:
            self._met.set()
            self._loop.close()

    async def _serve(self) -> None:
        with ThreadPoolExecutor(_THREADS, "telegram-answer") as threads:
            warm = self._loop.run_in_executor(threads, _import_slow_libraries)
            try:
                await self._connect()
                answerer = Answerer(
                    self._bot,
                    self._sender,
                    self._conversation,
                    name=self._bot.username,
                    threads=threads,
                    work=self._work,
                )
                taken = Taken(self._parts.settings.state_dir / TAKEN_FILE, self._bot.id)
                self._poller = Poller(self._bot, self._chats, taken, self._parts.clock, answerer.hear)
                self._met.set()
                await warm
                try:
                    await self._poller.run()
                finally:
                    await answerer.close()
            finally:
                with suppress(TelegramError, RuntimeError):
                    await self._bot.shutdown()

    async def _connect(self) -> None:
        """Meet Telegram, however long that takes. Raises StopProgram if it refuses the token."""
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while True:
            try:
                await self._bot.initialize()
                await self._bot.delete_webhook()
            except InvalidToken:
                raise StopProgram(WRONG_TOKEN) from None  # the library's message has the token
            except TelegramError as error:
                wait = backoff.failed(seconds_of(error) if isinstance(error, RetryAfter) else None)
                self._state = DependencyHealth(ok=False, detail=said(error), required=False)
                log.warning("telegram_away", error=said(error), retry_in_seconds=round(wait, 1))
                await asyncio.sleep(wait)
            else:
                break
        log.info("telegram_ready", bot=self._bot.username, chats=len(self._chats))
        if not self._chats:
            log.warning("telegram_without_chats", detail="write to the bot, then look for telegram_stranger")
        with suppress(TelegramError):  # a menu is a convenience
            await self._bot.set_my_commands(
                [BotCommand(each.name, each.answers) for each in CATALOGUE.values()]
            )


def _import_slow_libraries() -> None:
    """Import what commands need, so that the first answer takes no longer than the others."""
    for name in _SLOW_IMPORTS:
        importlib.import_module(name)
