from __future__ import annotations

import sys

import pytest
import typer
from typer.testing import CliRunner

from services.cli.checkout import add_checkout_command
from services.common.errors import StopProgram


def app_with(name: str) -> typer.Typer:
    app = typer.Typer()
    app.command("other")(lambda: None)
    add_checkout_command(app, name)
    return app


def test_in_a_checkout_the_command_is_there() -> None:
    answer = CliRunner().invoke(app_with("bench"), ["bench", "--list"])
    assert answer.exit_code == 0, answer.output
    assert "processors_scaling" in answer.output


@pytest.mark.parametrize("missing", ["devtools", "devtools.commands"])
def test_without_devtools_it_says_where_it_runs(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in [each for each in sys.modules if each.startswith("devtools")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    answer = CliRunner().invoke(app_with("bench"), ["bench", "cacher", "--repeat", "3"])
    assert isinstance(answer.exception, StopProgram)
    assert "only in a checkout of the project" in str(answer.exception)


def test_a_library_that_is_missing_is_not_taken_for_missing_devtools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "devtools.commands.bench", raising=False)
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with pytest.raises(ModuleNotFoundError, match=r"rich\.progress"):
        app_with("bench")
