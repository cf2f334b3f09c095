"""The notifier beside a run: what is said of its channels, and that nothing ends with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from services.common.services import NOTIFIER
from services.common.settings.settings import Settings
from services.launch.notifying import NotifierBeside, about_the_notifier
from services.launch.supervisor import ProcessSpec
from tests.support.waiting import eventually

LOGS = Path("/state/up/logs")
TOKEN = "4242:AA-a_token-of-these-tests-0123456789abc"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "no notifier: NOTIFY_URLS or NOTIFY_TELEGRAM_TOKEN would give it a channel"),
        ({"NOTIFY_URLS": "# none yet"}, "no notifier: NOTIFY_URLS or NOTIFY_TELEGRAM_TOKEN"),
        ({"NOTIFY_URLS": "phone=json://127.0.0.1 mail=json://127.0.0.2"}, "notified: phone, mail"),
        ({"NOTIFY_TELEGRAM_TOKEN": TOKEN, "NOTIFY_TELEGRAM_CHATS": "7"}, "notified: telegram"),
        (
            {"NOTIFY_TELEGRAM_TOKEN": TOKEN},
            "write to your bot, and /state/up/logs/notifier.log has the number",
        ),
    ],
)
def test_a_line_names_the_channels_or_how_to_get_one(variables: dict[str, str], said: str) -> None:
    line = about_the_notifier(Settings.load(variables, None), LOGS)
    assert said in line
    assert "127.0.0" not in line
    assert TOKEN not in line


def test_a_notifier_that_ends_is_reported_and_started_again_while_the_run_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    argv = [sys.executable, "-c", "print('no such token'); raise SystemExit(78)"]
    beside = NotifierBeside(
        ProcessSpec(NOTIFIER, argv, dict(os.environ), is_needed=False), tmp_path, told.append
    )
    beside.start()
    try:
        eventually(lambda: says_that_it_cannot_work(beside, told))
    finally:
        beside.close()
    assert told[-1].startswith("notifier CANNOT WORK as it is configured (no such token). The others go on")


def says_that_it_cannot_work(beside: NotifierBeside, told: list[str]) -> bool:
    beside.look()
    return "CANNOT WORK" in told[-1]


def test_a_notifier_that_runs_is_said_to_be_ready_once(tmp_path: Path) -> None:
    told: list[str] = []
    argv = [sys.executable, "-c", "import time; time.sleep(600)"]
    beside = NotifierBeside(
        ProcessSpec(NOTIFIER, argv, dict(os.environ), is_needed=False), tmp_path, told.append
    )
    beside.start()
    try:
        beside.look()
        beside.look()
    finally:
        beside.close()
    assert told == ["the notifier is ready"]
