"""Answers what was heard: in each chat one thing after the other. A slow answer delays no other chat."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from telegram import Bot
from telegram.error import TelegramError

from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.runtime.metrics import TELEGRAM_UPDATES
from services.common.runtime.work import CallsInProgress
from services.notifier.channels.port import Unsure, channel_label
from services.notifier.telegram.asked import Asked, Pressed
from services.notifier.telegram.connection.polling import Heard
from services.notifier.telegram.connection.sending import Sender
from services.notifier.telegram.conversation import Conversation, Reaction
from services.notifier.telegram.reply import Reply

log = structlog.get_logger(__name__)

MOST_WAITING = 20
"""The number of commands of a chat that may wait for their answer; what comes on top of them is not answered."""
TOO_MANY = Reply(
    "You wrote faster than I can answer, and I did nothing of the rest. Write again what still counts."
)
PATIENCE_SECONDS = 120.0
COMMAND_SECONDS = 60.0
PAUSE_SECONDS = 2.0
_LONGEST_NOTICE = 190  # Telegram's limit is 200

T = TypeVar("T")


class Answerer:
    """Answers with `Conversation`. To be used in one event loop.

    Args:
        name: the name of the bot.
        threads: those in which the conversation asks the history and the store.
        work: where answers in progress are recorded.
    """

    def __init__(
        self,
        bot: Bot,
        sender: Sender,
        conversation: Conversation,
        *,
        name: str,
        threads: ThreadPoolExecutor,
        work: CallsInProgress,
    ) -> None:
        self._bot = bot
        self._sender = sender
        self._conversation = conversation
        self._name = name
        self._threads = threads
        self._work = work
        self._queues: dict[int, asyncio.Queue[Asked | Pressed | Reply]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, heard: Heard) -> None:
        """Answer soon. Never blocks."""
        missed: dict[int, list[Asked]] = defaultdict(list)
        for each in heard.missed:
            missed[each.chat].append(each)
        for chat, waited in missed.items():
            self._add(chat, self._conversation.was_away(waited))
        for thing in heard.things:
            self._add(thing.chat, thing)

    async def close(self) -> None:
        """Stop answering."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _add(self, chat: int, thing: Asked | Pressed | Reply) -> None:
        queue = self._queues.get(chat)
        if queue is None:
            queue = self._queues[chat] = asyncio.Queue(MOST_WAITING + 1)
            task = asyncio.get_running_loop().create_task(self._answer_all(chat, queue))
            self._tasks.add(task)
        if queue.qsize() < MOST_WAITING:
            queue.put_nowait(thing)
            return
        TELEGRAM_UPDATES.labels("dropped").inc()
        if not queue.full():  # the last place is for saying so
            queue.put_nowait(TOO_MANY)

    async def _answer_all(self, chat: int, queue: asyncio.Queue[Asked | Pressed | Reply]) -> None:
        while True:
            thing = await queue.get()
            try:
                await self._answer(chat, thing)
            except CryptoBoyError as error:
                log.warning(
                    "telegram_answer_not_sent", channel=channel_label(f"telegram:{chat}"), error=str(error)
                )
            except Exception:  # the chat goes on
                log.exception("telegram_answer_failed", channel=channel_label(f"telegram:{chat}"))

    async def _answer(self, chat: int, thing: Asked | Pressed | Reply) -> None:
        if isinstance(thing, Reply):
            await self._send(chat, thing)
        elif isinstance(thing, Asked):
            reply = await self._in_thread(lambda: self._conversation.said(thing, self._name))
            if reply is not None:
                await self._send(chat, reply)
        else:
            await self._react(thing, await self._in_thread(lambda: self._conversation.pressed(thing)))

    async def _react(self, pressed: Pressed, reaction: Reaction) -> None:
        try:
            await self._bot.answer_callback_query(pressed.query, reaction.notice[:_LONGEST_NOTICE] or None)
        except TelegramError as error:  # it only ends the button's waiting mark, and only for a short time
            log.info("telegram_button_not_answered", error=error.message)
        if reaction.reply is None:
            return
        if reaction.replaces:
            try:
                await self._sender.replace(pressed.chat, pressed.message, reaction.reply)
            except (NeverWorks, TryLater, Unsure) as error:
                log.info("telegram_message_not_replaced", error=str(error))
            else:
                return
        await self._send(pressed.chat, reaction.reply)

    async def _send(self, chat: int, reply: Reply) -> None:
        for html in reply.before:
            await self._send_one(chat, Reply(html))
        await self._send_one(chat, reply)

    async def _send_one(self, chat: int, reply: Reply) -> None:
        """Send a message, for two minutes if need be. It may come twice, as that is better than no answer."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            try:
                return await self._sender.send(chat, reply)
            except (TryLater, Unsure) as error:
                wait = (error.after if isinstance(error, TryLater) else None) or PAUSE_SECONDS
                if asyncio.get_running_loop().time() + wait > deadline:
                    raise
                await asyncio.sleep(wait)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        def called() -> T:
            with self._work.doing("answering in Telegram", COMMAND_SECONDS):
                return call()

        return await asyncio.get_running_loop().run_in_executor(self._threads, called)
