from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
import typer

from services.cli.ending import end_as_by_ctrl_c, tells_when_stopped


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_sigterm_ends_a_command_in_the_orderly_way_of_ctrl_c() -> None:
    end_as_by_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


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
