"""The check of the notifier's Telegram bot: whether its token works, is not Freqtrade's, and who may ask it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx

from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.network.proxies import proxy_for
from services.common.secrets.telegram_tokens import refuse_shared_bot
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings
from services.common.tls import usual_trust
from services.operations.checks.check import Question

TIMEOUT_SECONDS = 10.0
_REFUSED = frozenset({401, 404})


def telegram_questions(settings: Settings) -> list[Question]:
    """The checks of the bot; none if the notifier has no bot."""
    if settings.notify_telegram_token is None:
        return []
    remedy = "@BotFather shows tokens with /mybots; docs/telegram.md says how the bot is made"
    return [
        Question("telegram token", partial(_own, settings), remedy),
        Question("telegram bot of the notifier", partial(check_bot, settings), remedy, required=False),
    ]


def _own(settings: Settings) -> str:
    refuse_shared_bot(settings)
    return "the notifier has a bot of its own"


def check_bot(settings: Settings) -> str:
    """Ask Telegram for the bot, and describe it. Raises StopProgram, NeverWorks and TryLater if anything is wrong."""
    chats = settings.notify_telegram_chats or ()
    bot = _ask(settings, "getMe")
    if _ask(settings, "getWebhookInfo").get("url"):
        raise NeverWorks(
            "another program has set a webhook for this bot, and would lose its messages to the notifier"
        )
    name = f"@{bot.get('username', '?')} answers"
    if not chats:
        raise NeverWorks(
            f"{name}, but NOTIFY_TELEGRAM_CHATS is empty, so nobody may ask and nobody is told: write to the bot; the "
            "notifier's log then has the id of the chat (telegram_stranger)"
        )
    return f"{name}; chats that may ask: {', '.join(chats)}"


def _ask(settings: Settings, method: str) -> Mapping[str, Any]:
    """The result of a method of the Bot API. No error has the address, which has the token."""
    api = settings.notify_telegram_api
    try:
        with httpx.Client(
            proxy=proxy_for(f"{api}/"), verify=usual_trust(), trust_env=False, timeout=TIMEOUT_SECONDS
        ) as client:
            answer = client.post(f"{api}/bot{reveal(settings.notify_telegram_token)}/{method}")
    except httpx.InvalidURL:
        raise StopProgram("NOTIFY_TELEGRAM_TOKEN is not written like a token") from None
    except httpx.HTTPError as error:
        raise TryLater(f"{api} does not answer ({type(error).__name__})") from None
    if answer.status_code in _REFUSED:
        raise StopProgram("Telegram refuses NOTIFY_TELEGRAM_TOKEN: the token is wrong or was revoked")
    try:
        found = json.loads(answer.content)["result"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, dict):
        raise TryLater(f"{api} answers with status {answer.status_code} and no result")
    return found
