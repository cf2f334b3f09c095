"""Says whether two tokens of Telegram belong to one bot."""

from __future__ import annotations

import hmac

from services.common.errors import StopProgram
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings

SHARED_BOT = (
    "NOTIFY_TELEGRAM_TOKEN and TELEGRAM_BOT_TOKEN are tokens of one bot: the notifier and Freqtrade would take each "
    "other's messages. Make another bot with @BotFather (/newbot) and set its token as NOTIFY_TELEGRAM_TOKEN"
)


def is_same_bot(one: str, other: str) -> bool:
    """Whether both tokens belong to one bot, also if one has replaced the other, which was revoked."""
    numbers = [token.strip().partition(":")[0].encode() for token in (one, other)]
    return all(numbers) and hmac.compare_digest(*numbers)


def refuse_shared_bot(settings: Settings) -> None:
    """Raise StopProgram if the notifier and Freqtrade are given tokens of one bot."""
    if is_same_bot(reveal(settings.notify_telegram_token), reveal(settings.telegram_bot_token)):
        raise StopProgram(SHARED_BOT)
