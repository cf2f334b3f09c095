"""The bot as a process: its status is Freqtrade's, and it ends though threads are left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT
from services.launch.freqtrade.bot import exit_status


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT_ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | environ,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


LEAVES = """
import atexit, sys, threading, time
from services.launch.freqtrade.bot import leave
atexit.register(lambda: print("tidied up"))
threading.Thread(target=time.sleep, args=({seconds},), daemon={daemon}).start()
sys.stdout.write("said before; ")
leave({status}, {grace})
"""


@pytest.mark.parametrize(
    ("code", "status"), [(0, 0), (1, 1), (2, 2), (130, 130), (None, os.EX_CONFIG), ("text", os.EX_CONFIG)]
)
def test_the_status_is_freqtrades_and_none_means_a_wrong_configuration(code: object, status: int) -> None:
    assert exit_status(code) == status


@pytest.mark.parametrize("status", [0, 1, 78])
def test_it_ends_as_usual_when_its_threads_do(status: int) -> None:
    ended = run("-c", LEAVES.format(seconds=0.2, daemon=False, status=status, grace=30))
    assert (ended.returncode, ended.stdout) == (status, "said before; tidied up\n")


def test_a_thread_that_nobody_need_wait_for_is_not_waited_for() -> None:
    ended = run("-c", LEAVES.format(seconds=600, daemon=True, status=3, grace=30))
    assert (ended.returncode, ended.stdout) == (3, "said before; tidied up\n")


@pytest.mark.parametrize("status", [0, 2])
def test_a_thread_that_does_not_end_is_left_behind_and_nothing_said_is_lost(status: int) -> None:
    ended = run("-c", LEAVES.format(seconds=600, daemon=False, status=status, grace=0.2))
    assert (ended.returncode, ended.stdout) == (status, "said before; ")


def test_a_configuration_that_freqtrade_refuses_ends_with_78_and_its_words(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"max_open_trades": three}')
    ended = run(
        "-P",
        "-m",
        "services.launch.freqtrade.bot",
        "trade",
        "--config",
        str(config),
        "--userdir",
        str(tmp_path),
    )
    assert ended.returncode == os.EX_CONFIG, ended.stderr
    assert "Configuration error" in ended.stderr


def test_a_line_of_its_log_stays_one_whatever_the_width_of_the_terminal(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")
    where = ("--config", str(config), "--userdir", str(tmp_path), "--logfile", str(tmp_path / "log"))
    ended = run("-P", "-m", "services.launch.freqtrade.bot", "list-timeframes", *where, COLUMNS="40")
    longest = max(ended.stderr.splitlines(), key=len)
    assert len(longest) > 80, ended.stderr


def test_its_version_ends_with_success() -> None:
    ended = run("-P", "-m", "services.launch.freqtrade.bot", "--version")
    assert ended.returncode == 0, ended.stderr
    assert "Freqtrade" in ended.stdout
