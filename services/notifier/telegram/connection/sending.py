"""Sends messages within Telegram's limits."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError

from services.common.errors import CryptoBoyError, TryLater
from services.common.runtime.metrics import TELEGRAM_SENDS
from services.notifier.channels.port import Unsure
from services.notifier.telegram.connection.client import meaning_of, seconds_of
from services.notifier.telegram.connection.limits import Limits
from services.notifier.telegram.reply import Reply, Rows

REQUEST_SECONDS = 15.0
_UNCHANGED = "message is not modified"
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Sender:
    """Sends to any chat. To be used in one event loop."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._limits = Limits()
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def send(self, chat: int, reply: Reply, begun: threading.Event | None = None) -> None:
        """Send a message when it is its turn; `begun` is set before anything is sent. Raises as `Channel.send`."""

        def request() -> Awaitable[Any]:
            if begun is not None:
                begun.set()
            return self._bot.send_message(
                chat,
                reply.html,
                parse_mode=ParseMode.HTML,
                link_preview_options=_NO_PREVIEW,
                reply_markup=_keyboard(reply.buttons),
            )

        await self._in_turn(chat, request)

    async def replace(self, chat: int, message: int, reply: Reply) -> None:
        """Put a message in the place of an earlier one. Raises as `send`."""
        await self._in_turn(
            chat,
            lambda: self._bot.edit_message_text(
                reply.html,
                chat,
                message,
                parse_mode=ParseMode.HTML,
                link_preview_options=_NO_PREVIEW,
                reply_markup=_keyboard(reply.buttons),
            ),
        )

    async def _in_turn(self, chat: int, request: Callable[[], Awaitable[Any]]) -> None:
        try:
            async with self._turns[chat]:
                await self._wait(chat)
                try:
                    await self._request(chat, request)
                finally:
                    self._limits.was_sent(chat, _now())
        except CryptoBoyError as error:
            TELEGRAM_SENDS.labels(error.reaction).inc()
            raise
        TELEGRAM_SENDS.labels("sent").inc()

    async def _wait(self, chat: int) -> None:
        """Wait for the turn of the chat and of all. Raises TryLater while Telegram asks to send nothing."""
        await asyncio.sleep(self._limits.turn_in_chat(chat, _now()))
        held = self._limits.held_back(chat, _now())
        if held:
            raise TryLater(f"Telegram asked to send nothing to this chat; {held:.0f} s are left", after=held)
        await asyncio.sleep(self._limits.turn_in_all(_now()))

    async def _request(self, chat: int, request: Callable[[], Awaitable[Any]]) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await request()
        except TimeoutError:
            raise Unsure(f"Telegram did not answer within {REQUEST_SECONDS:.0f} s") from None
        except RetryAfter as error:
            self._limits.hold_back(chat, seconds_of(error), _now())
            raise meaning_of(error) from None
        except TelegramError as error:
            if isinstance(error, BadRequest) and _UNCHANGED in error.message.lower():
                return
            raise meaning_of(error) from None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(each.label, callback_data=each.data) for each in row] for row in rows]
    )
