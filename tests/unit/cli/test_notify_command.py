"""`./cryptoboy notify`, and what docs/notifications.md and docs/telegram.md say to type."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.notifier.channels.port import channel_label
from tests.support.notifier.receiver import Receiver, receiver
from tests.support.notifier.running import news, recorded
from tests.support.telegram.bot_api import BotApi, bot_api

RUN_HERE = {"notify test", "notify test --channel telegram", "notify preview"}
RUN_ELSEWHERE = {
    "up": "tests/long",
    "demo": "tests/e2e",
    "doctor": "tests/unit/cli/test_doctor.py",
    "brief [--weekly] [--html FILE] [--json]": "test_brief_command.py",
    "backtest --sentiment history": "tests/e2e/test_recorded_inputs.py",
    "sentiment": "tests/integration/cli",
    "resume --owner telegram": "tests/integration/cli/test_pause_command.py",
}


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A channel that works, on a history with the news of a hack."""
    with receiver() as found:
        for name, value in {"STATE_DIR": str(tmp_path), "NOTIFY_URLS": f"phone={found.url}"}.items():
            monkeypatch.setenv(name, value)
        with recorded(Settings(state_dir=tmp_path)) as history:
            history.write(news(1, title="The hack", score=-0.9))
        yield found


@pytest.fixture
def telegram(phone: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[BotApi]:
    """Two chats beside the channel that works."""
    with bot_api() as api:
        for name, value in {"TOKEN": api.token, "CHATS": "7,8", "API": api.url}.items():
            monkeypatch.setenv(f"NOTIFY_TELEGRAM_{name}", value)
        yield api


def run(command: str) -> Result:
    return CliRunner().invoke(app, shlex.split(command), catch_exceptions=False)


def test_what_the_guides_say_to_type_is_run_by_a_test() -> None:
    pages = [(PROJECT_ROOT / "docs" / name).read_text() for name in ("notifications.md", "telegram.md")]
    typed = {found for page in pages for found in re.findall(r"`\./cryptoboy ([^`]+)`", page)}
    assert typed == RUN_HERE | RUN_ELSEWHERE.keys()


def test_each_channel_gets_a_test(phone: Receiver) -> None:
    result = run("notify test")

    assert (result.exit_code, phone.titles) == (0, ["Test of CryptoBoy's notifications"])
    assert re.search(r"phone +accepted", result.stdout)


def test_only_the_channel_that_is_named_gets_one_in_each_of_its_chats(
    phone: Receiver, telegram: BotApi
) -> None:
    result = run("notify test --channel telegram")

    assert result.exit_code == 0
    assert phone.titles == []
    assert [len(telegram.chats.to(chat)) for chat in (7, 8)] == [1, 1]
    assert channel_label("telegram:7") in result.stdout


def test_a_channel_that_refuses_fails_the_command(phone: Receiver) -> None:
    phone.always = 403

    with pytest.raises(StopProgram, match="some channels did not accept the test"):
        run("notify test")


def test_the_answer_is_readable_by_programs(phone: Receiver) -> None:
    (answer,) = json.loads(run("notify test --json").stdout)
    assert answer == {"channel": "phone", "label": "phone", "is_accepted": True, "why": ""}


def test_the_preview_shows_what_would_have_been_sent_and_sends_nothing(phone: Receiver) -> None:
    result = run("notify preview")

    assert result.exit_code == 0
    assert "The hack" in result.stdout
    assert phone.titles == []
