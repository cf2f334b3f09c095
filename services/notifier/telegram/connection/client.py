"""The client of the Bot API, and what its errors mean."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from typing import Any

import httpx
from telegram import Bot, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from services.common.errors import CryptoBoyError, NeverWorks, StopProgram, TryLater
from services.common.network.proxies import proxy_for
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings
from services.common.tls import usual_trust
from services.notifier.channels.port import Unsure
from services.notifier.telegram.connection.updates import read_update

POLL_SECONDS = 25
ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 5.0
MOST_CHARACTERS = 200
_CONNECTIONS = 8
_GATEWAY_TIMEOUT = "504"
_STATUS = re.compile(r"[A-Za-z' -]{1,60}\(([0-9]{3})\)")
"""How the library begins if the answer is none of the Bot API."""
_OF_THE_MESSAGE = (
    "parse",
    "entit",
    "too long",
    "empty",
    "button",
    "markup",
    "message to ",
    "message can't",
    "query",
)
"""Words of refusals that another message would not get. Any other refusal is one of the chat, and is told elsewhere."""
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{20,100}")
WRONG_TOKEN = (
    "Telegram refuses NOTIFY_TELEGRAM_TOKEN: the token is wrong or was revoked. @BotFather shows it with /mybots; set "  # noqa: S105 - no token # nosec B105
    "it in .env or in the file of NOTIFY_TELEGRAM_TOKEN_FILE, and start the notifier again"
)

# Opts in to what the library's next release does anyway: the wait that status 429 asks for is a timedelta. The notifier
# sets it at its start, as an environment that changes while threads run can crash those that read it in C code.
os.environ.setdefault("PTB_TIMEDELTA", "true")


class _Updates(HTTPXRequest):
    """The connection for updates. An update that cannot be read keeps its number and loses the rest.

    The library refuses all updates of an answer if it cannot read one of them, and would get the same answer for ever.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as JSON. Raises TelegramError if it is none."""
        answer = _json(payload)
        found = answer.get("result")
        if isinstance(found, list):
            answer["result"] = [_readable(each) for each in found if _has_number(each)]
        return answer


class _Requests(HTTPXRequest):
    """The connection for everything else."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as JSON. Raises TelegramError if it is none."""
        return _json(payload)


def open_bot(settings: Settings) -> Bot:
    """Make the client, which is not connected yet.

    Raises:
        StopProgram: the token is not written like one, or a variable of the network cannot be used.
    """
    token, api = reveal(settings.notify_telegram_token), settings.notify_telegram_api
    if not _TOKEN.fullmatch(token):
        raise StopProgram(
            "NOTIFY_TELEGRAM_TOKEN is not written like a token of Telegram, such as 123456789:AbCdEf…: @BotFather "
            "gives one for each bot"
        )
    given: dict[str, Any] = {
        "proxy": proxy_for(f"{api}/"),
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": ANSWER_SECONDS,
        "write_timeout": ANSWER_SECONDS,
        "pool_timeout": CONNECT_SECONDS,
        "httpx_kwargs": {"trust_env": False, "verify": usual_trust()},
    }
    return Bot(
        token,
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=_Requests(connection_pool_size=_CONNECTIONS, **given),
        get_updates_request=_Updates(connection_pool_size=1, **given),
    )


def meaning_of(error: TelegramError) -> CryptoBoyError:
    """What an error of the client means for whoever sends: see `Channel.send`. No message has the token."""
    if isinstance(error, RetryAfter):
        seconds = seconds_of(error)
        return TryLater(f"Telegram asks to send nothing for {seconds:.0f} s", after=seconds)
    if isinstance(error, InvalidToken):
        return StopProgram(WRONG_TOKEN)
    if isinstance(error, Forbidden | ChatMigrated | BadRequest):
        return _refused(error)
    if isinstance(error, NetworkError) and _may_have_arrived(error):
        return Unsure(f"the connection to Telegram was lost before its answer ({said(error)})")
    return TryLater(f"Telegram does not answer ({said(error)})")


def said(error: TelegramError) -> str:
    """What Telegram said, without the page of a proxy that the library may have appended."""
    return error.message.partition(". Parsing the server response")[0][:MOST_CHARACTERS]


def seconds_of(error: RetryAfter) -> float:
    """The seconds that Telegram asks to wait."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else after


def _refused(error: TelegramError) -> CryptoBoyError:
    if isinstance(error, Forbidden):
        return StopProgram(
            f"this Telegram chat takes no messages of this bot ({said(error)}): somebody there has to start it "
            "again, or take the chat out of NOTIFY_TELEGRAM_CHATS"
        )
    if isinstance(error, ChatMigrated):
        return StopProgram(
            f"this Telegram group has the id {error.new_chat_id} now: write that into NOTIFY_TELEGRAM_CHATS"
        )
    if "chat not found" in error.message.lower():
        return StopProgram(
            "Telegram knows no such chat of this bot: somebody there has to write to it first, or "
            "NOTIFY_TELEGRAM_CHATS has a wrong id"
        )
    if any(each in error.message.lower() for each in _OF_THE_MESSAGE):
        return NeverWorks(f"Telegram refuses the message: {said(error)}")
    return StopProgram(
        f"Telegram takes no messages for this chat ({said(error)}): look at the rights of the bot there, or take the "
        "chat out of NOTIFY_TELEGRAM_CHATS"
    )


def _may_have_arrived(error: NetworkError) -> bool:
    """Whether Telegram may have done what was asked for, although no answer came."""
    cause = error.__cause__
    if isinstance(cause, httpx.HTTPError):
        return not isinstance(
            cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
        )
    status = _STATUS.match(error.message)
    return status[1] == _GATEWAY_TIMEOUT if status else "timeout" in said(error).lower()


def _json(payload: bytes) -> dict[str, Any]:
    try:
        found = json.loads(payload.decode(errors="replace"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or (found.get("ok") and "result" not in found):
        raise TelegramError("the answer is not one of the Bot API")
    return found


def _has_number(update: object) -> bool:
    return isinstance(update, dict) and isinstance(update.get("update_id"), int)


def _readable(update: dict[str, Any]) -> dict[str, Any]:
    try:
        read_update(Update.de_json(update, None))
    except Exception:  # noqa: BLE001 - anything may be wrong with it, and none of it is of use
        return {"update_id": update["update_id"]}
    return update
