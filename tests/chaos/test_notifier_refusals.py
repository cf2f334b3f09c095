"""What a person has to put right first: the notifier itself says it and ends with 78, or goes on without that part."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.services import NOTIFIER, SERVICES
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.notifier.channels.port import channel_label
from tests.support.notifier.process import notifier_process
from tests.support.notifier.receiver import receiver
from tests.support.notifier.running import news, notifier_settings, recorded
from tests.support.telegram.bot_api import BotApi, bot_api
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
PHONE = "phone=json://127.0.0.1:9/hook"
WRONG_TOKEN = "4242:AA-another_token-0123456789abcdefghi"


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as server:
        yield server


def telegram(api: BotApi, **more: str) -> dict[str, str]:
    return {
        "NOTIFY_TELEGRAM_TOKEN": api.token,
        "NOTIFY_TELEGRAM_CHATS": "7",
        "NOTIFY_TELEGRAM_API": api.url,
        **more,
    }


def refusal(settings: Settings) -> str:
    """What the process writes before it ends with 78."""
    with recorded(settings):
        pass
    inherited = {
        name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields
    }
    ended = subprocess.run(
        [sys.executable, "-m", SERVICES[NOTIFIER].module],
        env={**inherited, **settings.environment(), "PYTHONPATH": PYTHON_PATH},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == os.EX_CONFIG, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (WRONG_TOKEN, "Telegram refuses NOTIFY_TELEGRAM_TOKEN: the token is wrong or was revoked"),
        ("a-secret-token", "NOTIFY_TELEGRAM_TOKEN is not written like a token of Telegram"),
    ],
)
def test_a_wrong_token_is_said_and_not_shown(api: BotApi, tmp_path: Path, token: str, said: str) -> None:
    written = refusal(notifier_settings(tmp_path, "", **telegram(api, NOTIFY_TELEGRAM_TOKEN=token)))
    assert said in written
    assert token not in written
    assert api.chats.sent == []


def test_the_token_of_freqtrade_is_said(api: BotApi, tmp_path: Path) -> None:
    given = telegram(api, TELEGRAM_BOT_TOKEN=api.token)
    assert "tokens of one bot" in refusal(notifier_settings(tmp_path, "", **given))


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ("phone=fax://a-secret-number/", "does not know the address of the channel phone in NOTIFY_URLS (fax)"),
        ("phone=discord://a-secret-hook", "does not know the address of the channel phone in NOTIFY_URLS (disc"),
        ("", "there is no channel to tell anything to: set NOTIFY_URLS or NOTIFY_TELEGRAM_TOKEN"),
    ],
)  # fmt: skip
def test_an_address_that_apprise_refuses_is_said_and_not_shown(tmp_path: Path, urls: str, said: str) -> None:
    written = refusal(notifier_settings(tmp_path, urls))
    assert said in written
    assert "a-secret" not in written


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("\nprset = 'quiet'", "notify.toml:2: prset: prset is not known here; did you mean preset?"),
        (
            "[[rules]]\nname = 'a'\npairs = ['DOGE/USDT']",
            "notify.toml:3: rules 1, pairs: TRADING_PAIRS has none of DOGE/USDT",
        ),
        (
            "[[rules]]\nname = 'a'\n[[rules]]\nname = 'b'",
            "notify.toml:3: rules 2: the rule 'a' before it selects all that it selects",
        ),
    ],
)
def test_rules_that_cannot_be_meant_or_never_fire_are_said_with_their_line(
    tmp_path: Path, rules: str, said: str
) -> None:
    assert said in refusal(notifier_settings(tmp_path, PHONE, rules))


def test_a_chat_that_blocked_the_bot_is_said_and_the_others_are_told(api: BotApi, tmp_path: Path) -> None:
    with receiver() as phone:
        given = telegram(api, NOTIFY_TELEGRAM_CHATS="7,8")
        settings = notifier_settings(tmp_path, f"phone={phone.url}", **given)
        api.chats.blocked.add(7)
        with recorded(settings) as history, notifier_process(settings, tmp_path / "log") as notifier:
            history.write(news(1))
            assert phone.wait(1) == ["Title 1"]
            assert "Title 1" in api.chats.wait(1, chat=8).text

            part = f"channel {channel_label('telegram:7')}"

            def blocked() -> str:
                return str(notifier.health()[1]["dependencies"][part]["detail"])

            eventually(lambda: "takes no messages of this bot" in blocked(), blocked)
            assert "take the chat out of NOTIFY_TELEGRAM_CHATS" in blocked()
            history.write(news(2))
            assert phone.wait(2)[1] == "Title 2"
            assert "Title 2" in api.chats.wait(2, chat=8).text
    assert api.chats.to(7) == []
