"""A bot that is connected to a Bot API server of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from services.common.clock import SystemClock
from services.common.history.open import open_reader
from services.common.history.writing import open_notifier_log
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.telegram.bot import TelegramBot, open_telegram
from tests.support.telegram.bot_api import BotApi, bot_api


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as server:
        yield server


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short; how long they are in production is no matter of these tests."""
    room = "services.notifier.telegram.connection."
    monkeypatch.setattr(f"{room}limits.CHAT_SECONDS", 0.01)
    monkeypatch.setattr(f"{room}polling.FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(f"{room}polling.EMPTY_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(f"{room}answering.PAUSE_SECONDS", 0.02)


@pytest.fixture
def connect(
    api: BotApi, telegram_settings: Settings, store: SentimentStore, _soon: None
) -> Iterator[Callable[..., TelegramBot]]:
    """Make a bot and start it; settings can be changed. All are closed in the end."""
    with ExitStack() as opened:

        def make(*, start: bool = True, **changes: object) -> TelegramBot:
            given = {
                "notify_telegram_token": SecretStr(api.token),
                "notify_telegram_chats": ("7",),
                "notify_telegram_api": api.url,
            }
            settings = telegram_settings.changed(**(given | changes))
            history, log = open_reader(settings), open_notifier_log(settings)
            opened.callback(history.close)
            opened.callback(log.close)
            bot = open_telegram(
                settings, SystemClock(), store=store, history=history, log=log, work=CallsInProgress()
            )
            opened.callback(bot.close)
            if start:
                bot.start()
            return bot

        yield make
