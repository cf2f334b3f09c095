"""`./cryptoboy pause` and `resume`, and where the pause is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from services.cli.control import read_duration
from services.common.errors import StopProgram
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import Settings
from services.common.store.holds import Hold
from services.common.store.open import open_store
from tests.support.commands import answer, printed

pytestmark = pytest.mark.integration


def as_a_process(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": PYTHON_PATH, **settings.environment()}
    command = [sys.executable, "-P", "-m", "services.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def begin(settings: Settings, *holds: Hold) -> None:
    with closing(open_store(settings)) as store:
        store.holds.begin("first", datetime.now(UTC))
        for hold in holds:
            store.holds.set(hold)


def test_a_pause_with_a_reason_and_an_end_is_shown_with_both(redis_settings: Settings) -> None:
    begin(redis_settings)
    before = datetime.now(UTC)
    paused = answer(redis_settings, "pause", "--reason", "rate decision", "--for", "2h")
    (hold,) = paused["holds"]
    assert (paused["entries"], hold["owner"], hold["reason"]) == ("paused", "operator", "rate decision")
    until = datetime.fromisoformat(hold["until"])
    assert until - datetime.fromisoformat(hold["since"]) == timedelta(hours=2)
    assert until >= before + timedelta(hours=2)

    shown = printed(redis_settings, "sentiment")
    assert "New entries are refused: operator since" in shown
    assert f"until {hold['until']}: rate decision" in shown
    assert answer(redis_settings, "sentiment")["holds"] == [hold]
    ran = as_a_process(redis_settings, "resume")
    assert ran.returncode == 0, ran.stderr
    assert "New entries are allowed" in ran.stdout
    assert answer(redis_settings, "sentiment")["entries"] == "allowed"


def test_resume_lifts_the_operators_hold_and_says_what_remains(redis_settings: Settings) -> None:
    now = datetime.now(UTC)
    begin(redis_settings, *(Hold(owner, "why", now) for owner in ("operator", "risk", "calendar")))
    said = printed(redis_settings, "resume")
    assert "still refused" in said
    assert "calendar since" in said
    assert "risk since" in said
    assert "--owner NAME" in said
    refused = as_a_process(redis_settings, "resume", "--owner", "rsik")
    assert refused.returncode == os.EX_CONFIG
    assert "there is no hold of rsik; there is calendar, risk" in refused.stderr
    assert [hold["owner"] for hold in answer(redis_settings, "resume", "--owner", "risk")["holds"]] == [
        "calendar"
    ]
    assert answer(redis_settings, "resume", "--all")["entries"] == "allowed"


@pytest.mark.parametrize("text", ["", "2", "h", "2 weeks", "0h", "-1h", "1.5h", "9999d", "\u0662h"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(StopProgram, match="such as 30m, 2h or 1d"):
        read_duration(text)


def test_durations_are_minutes_hours_and_days() -> None:
    assert [read_duration(text) for text in ("30m", " 2H ", "1d")] == [
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(days=1),
    ]
