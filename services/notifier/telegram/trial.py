"""Sends single messages without answering anything, beside a notifier that may run."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from telegram.error import InvalidToken, TelegramError

from services.common.errors import StopProgram
from services.common.secrets.telegram_tokens import refuse_shared_bot
from services.common.settings.settings import Settings
from services.notifier.telegram.channel import TelegramChannel, telegram_channels
from services.notifier.telegram.connection.client import WRONG_TOKEN, meaning_of, open_bot
from services.notifier.telegram.connection.sending import Sender
from services.notifier.telegram.reply import Reply


def trial_channels(settings: Settings) -> tuple[TelegramChannel, ...]:
    """The chats as channels that connect for each message and fetch no updates; none without a token.

    Raises:
        StopProgram: the bot is Freqtrade's, or no chat is set.
    """
    if settings.notify_telegram_token is None:
        return ()
    refuse_shared_bot(settings)
    chats = tuple(int(each) for each in settings.notify_telegram_chats or ())
    if not chats:
        raise StopProgram(
            "NOTIFY_TELEGRAM_CHATS is empty: docs/telegram.md says how the id of your chat is learned"
        )
    return telegram_channels(chats, lambda chat, reply: asyncio.run(_send(settings, chat, reply)))


async def _send(settings: Settings, chat: int, reply: Reply) -> None:
    """Connect and send. Raises as `Channel.send`."""
    bot = open_bot(settings)
    try:
        await bot.initialize()
        await Sender(bot).send(chat, reply)
    except InvalidToken:
        raise StopProgram(WRONG_TOKEN) from None  # the library's message has the token
    except TelegramError as error:
        raise meaning_of(error) from None
    finally:
        with suppress(TelegramError, RuntimeError):
            await bot.shutdown()
