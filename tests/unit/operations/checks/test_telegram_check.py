"""What `doctor` says of the notifier's Telegram bot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from services.common.errors import CryptoBoyError
from services.common.secrets.telegram_tokens import is_same_bot
from services.common.settings.settings import Settings
from services.operations.checks.check import run_check
from services.operations.checks.telegram import check_bot, telegram_questions
from tests.support.servers.nobody import refusing_port
from tests.support.telegram.bot_api import BotApi, Fault, bot_api


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    with bot_api() as server:
        yield server


def settings(api: BotApi, **changes: object) -> Settings:
    given = {
        "notify_telegram_token": SecretStr(api.token),
        "notify_telegram_chats": ("7", "-100"),
        "notify_telegram_api": api.url,
    }
    return Settings(**{**given, **changes})


def test_a_bot_that_answers_is_named_with_its_chats(api: BotApi) -> None:
    assert check_bot(settings(api)) == "@CryptoBoyBot answers; chats that may ask: 7, -100"


def test_without_a_bot_nothing_is_checked() -> None:
    assert telegram_questions(Settings()) == []


@pytest.mark.parametrize(
    "other", ["4242:AA-a_token-of-these-tests-0123456789abc", "4242:BB-its_new_token-0123456789"]
)
def test_the_bot_of_freqtrade_is_refused_even_with_another_token_of_it(api: BotApi, other: str) -> None:
    token, _ = telegram_questions(settings(api, telegram_bot_token=SecretStr(other)))

    found = run_check(token)

    assert found.state == "failed"
    assert "would take each other's messages" in found.found
    assert other not in found.found


def test_a_bot_of_its_own_is_fine(api: BotApi) -> None:
    token, _ = telegram_questions(
        settings(api, telegram_bot_token=SecretStr("99:CC-of-freqtrade-0123456789"))
    )
    assert run_check(token).state == "ok"


def test_two_bots_are_two_and_no_token_is_nobody_s() -> None:
    assert not is_same_bot("1:aaa", "2:aaa")
    assert not is_same_bot("", "")
    assert is_same_bot(" 1:aaa", "1:bbb")


def test_a_token_that_telegram_refuses_is_named_and_not_shown(api: BotApi) -> None:
    wrong = "4242:AA-another_token-0123456789abcdefghi"
    with pytest.raises(CryptoBoyError, match="refuses NOTIFY_TELEGRAM_TOKEN") as refused:
        check_bot(settings(api, notify_telegram_token=SecretStr(wrong)))
    assert wrong not in str(refused.value)


def test_nobody_who_may_ask_is_found_and_says_how_the_id_is_learned(api: BotApi) -> None:
    with pytest.raises(CryptoBoyError, match="NOTIFY_TELEGRAM_CHATS is empty"):
        check_bot(settings(api, notify_telegram_chats=None))


def test_a_webhook_of_another_program_is_found(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.chats, "webhook", "https://other.example/hook")
    with pytest.raises(CryptoBoyError, match="has set a webhook"):
        check_bot(settings(api))


def test_a_server_that_is_away_or_is_not_telegram_is_said_to_be(api: BotApi) -> None:
    with refusing_port() as port, pytest.raises(CryptoBoyError, match="does not answer") as away:
        check_bot(settings(api, notify_telegram_api=f"http://127.0.0.1:{port}"))
    api.plan("getMe", Fault.GARBAGE)
    with pytest.raises(CryptoBoyError, match="status 200 and no result"):
        check_bot(settings(api))
    assert api.token not in str(away.value)
