"""`notify test` sends to the chats of Telegram, beside a notifier that runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.notifier.telegram.bot import TelegramBot
from services.notifier.trial import try_channels
from tests.support.telegram.bot_api import BotApi

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def settings(api: BotApi, **changes: object) -> Settings:
    given = {
        "notify_telegram_token": SecretStr(api.token),
        "notify_telegram_chats": ("7", "8"),
        "notify_telegram_api": api.url,
    }
    return Settings(**{**given, **changes})


def test_each_chat_gets_a_test_and_a_running_notifier_keeps_its_updates(
    api: BotApi, connect: Callable[..., TelegramBot]
) -> None:
    connect()
    api.chats.blocked.add(8)

    accepted, refused = try_channels(settings(api), (), NOW)

    assert accepted.is_accepted
    assert "Test of CryptoBoy" in api.chats.wait(1).text
    assert "takes no messages of this bot" in refused.why
    api.chats.say("/trades")
    assert api.chats.wait(2).text == "No trade is recorded."


def test_a_refused_token_is_told_without_showing_it(api: BotApi) -> None:
    wrong = "4242:AA-another_token-0123456789abcdefghi"

    found = try_channels(settings(api, notify_telegram_token=SecretStr(wrong)), ("telegram",), NOW)

    assert [each.is_accepted for each in found] == [False, False]
    assert "refuses NOTIFY_TELEGRAM_TOKEN" in found[0].why
    assert wrong not in found[0].why


def test_without_chats_nothing_is_tested(api: BotApi) -> None:
    with pytest.raises(StopProgram, match="NOTIFY_TELEGRAM_CHATS is empty"):
        try_channels(settings(api, notify_telegram_chats=None), (), NOW)
