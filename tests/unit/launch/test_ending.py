from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped, uninterrupted

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 20.0


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    hook = sys.unraisablehook
    yield
    sys.unraisablehook = hook
    for number, handler in before.items():
        signal.signal(number, handler)


def test_sigterm_ends_a_command_in_the_orderly_way_of_ctrl_c() -> None:
    end_as_by_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_what_must_be_done_whole_is_done_before_a_command_ends() -> None:
    end_as_by_ctrl_c()
    done = []

    def clear_away() -> None:
        with uninterrupted():
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGTERM)
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        clear_away()
    assert done == ["all"]
    with uninterrupted():
        done.append("again")


def test_a_signal_that_comes_while_an_object_is_finalised_is_not_lost() -> None:
    class Finalised:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    end_as_by_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        _finalise(Finalised)


def _finalise(kind: type) -> None:
    kind()
    threading.Event().wait(PATIENCE_SECONDS)


def test_ctrl_c_that_is_to_be_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_as_by_ctrl_c()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_the_status_is_that_of_ctrl_c_wherever_in_the_program_it_comes(tmp_path: Path) -> None:
    """Also in an `exec`: run with -m, Python would forget the status."""
    (tmp_path / "program.py").write_text(
        "import signal\n"
        "from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped, uninterrupted\n"
        "end_as_by_ctrl_c()\n"
        "with tells_when_stopped('program'):\n"
        "    exec('signal.raise_signal(signal.SIGINT)')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "program"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        check=False,
    )
    assert ended.returncode == 130


def test_a_second_ctrl_c_at_the_very_end_changes_no_status(tmp_path: Path) -> None:
    (tmp_path / "impatient.py").write_text(
        "import atexit, signal\n"
        "from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped\n"
        "atexit.register(signal.raise_signal, signal.SIGINT)\n"
        "end_as_by_ctrl_c()\n"
        "with tells_when_stopped('impatient'):\n"
        "    signal.raise_signal(signal.SIGINT)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "impatient"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr.count("\n")) == (130, 1)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("ending", [interrupt, typer.Typer()])
def test_a_command_that_is_stopped_says_so_and_that_nothing_of_it_runs(
    ending: Callable[[], None] | typer.Typer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["tool"])
    if isinstance(ending, typer.Typer):
        ending.command()(interrupt)
    with pytest.raises(SystemExit) as ended, tells_when_stopped("tool"):
        ending()
    assert ended.value.code == 130
    assert "tool: stopped by Ctrl-C or SIGTERM; nothing of it is left running" in capsys.readouterr().err


def test_a_command_that_ends_otherwise_does_not_say_that_it_was_stopped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit), tells_when_stopped("tool"):
        raise SystemExit(1)
    assert capsys.readouterr().err == ""
