from __future__ import annotations

import json
import sys
import tomllib
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.support import extras
from services.cli.support.extras import extras_of_commands, needs, refuse_without, require_extras
from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT

EXTRAS = MappingProxyType(
    {
        "trade": ("redis", "rich"),
        "up": ("redis", "rich", "pydantic"),
        "demo": ("redis", "rich", "pydantic", "typer"),
        "research": ("redis", "rich", "a-package-that-nobody-has"),
    }
)
SOURCE = {"url": "file:///home/ada/cryptoboy", "dir_info": {}}


def installed(folder: Path, source: dict[str, Any] | None = None, by: str = "pip") -> Distribution:
    """An installed CryptoBoy; of each extra but `research` every package is there."""
    lines = ["Metadata-Version: 2.4", "Name: cryptoboy", "Version: 1", "Requires-Dist: structlog"]
    lines += [f"Requires-Dist: {name}>=1; extra == '{extra}'" for extra in EXTRAS for name in EXTRAS[extra]]
    lines += ["Requires-Dist: only-elsewhere; (sys_platform == 'elsewhere') and extra == 'demo'"]
    about = folder / "cryptoboy-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("\n".join(lines) + "\n")
    (about / "INSTALLER").write_text(by)
    if source is not None:
        (about / "direct_url.json").write_text(json.dumps(source))
    return PathDistribution(about)


@pytest.mark.parametrize("extra", ["trade", "up", "demo"])
def test_an_extra_that_is_there_is_no_hindrance(tmp_path: Path, extra: str) -> None:
    refuse_without(extra, installed(tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("made_by", "source", "command"),
    [
        ("uv-receipt.toml", None, "uv tool install 'cryptoboy[demo,research]'"),
        (
            "uv-receipt.toml",
            SOURCE,
            "uv tool install 'cryptoboy[demo,research] @ file:///home/ada/cryptoboy'",
        ),
        ("pipx_metadata.json", None, "pipx install --force 'cryptoboy[demo,research]'"),
        ("pyvenv.cfg", None, f"{sys.executable} -m pip install 'cryptoboy[demo,research]'"),
        (
            "pyvenv.cfg",
            {"url": "https://example.com/cryptoboy", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            f"{sys.executable} -m pip install 'cryptoboy[demo,research] @ git+https://example.com/cryptoboy'",
        ),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_adds_it_to_those_that_are_there(
    tmp_path: Path, made_by: str, source: dict[str, Any] | None, command: str
) -> None:
    (tmp_path / made_by).touch()
    with pytest.raises(StopProgram) as refused:
        refuse_without("research", installed(tmp_path, source), tmp_path)
    assert str(refused.value) == (
        f"this command needs the extra 'research': {command} (missing: a-package-that-nobody-has)"
    )


def test_an_environment_of_uv_which_has_no_pip_is_added_to_with_uv(tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match=rf": uv pip install --python {sys.executable} 'cryptoboy\["):
        refuse_without("research", installed(tmp_path, by="uv\n"), tmp_path)


def test_the_table_names_commands_and_extras_that_there_are() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    table = extras_of_commands()
    commands = {each.name for each in app.registered_commands} | {each.name for each in app.registered_groups}
    assert len(table) > 5
    assert table.keys() <= commands
    assert set(table.values()) <= project["optional-dependencies"].keys()


def application() -> typer.Typer:
    """One command of each kind: alone and in a group, with an extra and without."""
    made, group = typer.Typer(), typer.Typer()

    def asks(headline: str) -> None:
        """Ask something."""
        raise ModuleNotFoundError(f"No module named {headline!r}", name=headline)

    for name in ("backtest", "score"):
        made.command(name)(asks)
    group.command("export")(asks)
    made.add_typer(group, name="history")
    require_extras(made, {"backtest": "research", "history": "research"})
    return made


@pytest.mark.parametrize("command", [["backtest"], ["history", "export"]])
def test_a_command_that_a_wheel_lacks_an_extra_for_does_not_begin_but_gives_its_help(
    command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = installed(tmp_path)
    monkeypatch.setattr(extras, "INSTALLED", True)
    monkeypatch.setattr(
        extras, "distribution", lambda name: found if name == "cryptoboy" else distribution(name)
    )
    answer = CliRunner().invoke(application(), [*command, "anything"])
    assert isinstance(answer.exception, StopProgram)
    assert "a-package-that-nobody-has" in str(answer.exception)
    helped = CliRunner().invoke(application(), [*command, "--help"])
    assert helped.exit_code == 0
    assert "Ask something." in helped.output


@pytest.mark.parametrize("command", [["backtest"], ["history", "export"]])
def test_without_a_wheel_a_missing_library_is_named_with_the_extra(command: list[str]) -> None:
    answer = CliRunner().invoke(application(), [*command, "freqtrade"])
    assert isinstance(answer.exception, StopProgram)
    assert "this needs the extra 'research', of which freqtrade is not installed here" in str(
        answer.exception
    )


def test_a_checkout_names_a_line_that_installs_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def said(extra: str = "research") -> str:
        with pytest.raises(StopProgram) as refused, needs(extra):
            raise ModuleNotFoundError(name="plotly")
        return str(refused.value)

    assert said().endswith("This line installs it: ./cryptoboy backtest --help")
    monkeypatch.setattr(extras, "PROJECT_ROOT", tmp_path)
    assert said().endswith("Run it in a checkout, where ./cryptoboy installs it")
    assert "In containers the page and the API answer this" in said("serve")


@pytest.mark.parametrize("command", [["backtest", "services.demo"], ["score", "freqtrade"]])
def test_a_module_of_ours_or_of_a_command_without_an_extra_is_a_fault_and_no_missing_extra(
    command: list[str],
) -> None:
    assert isinstance(CliRunner().invoke(application(), command).exception, ModuleNotFoundError)


def test_a_library_that_only_started_programs_import_is_missed_before_any_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "freqtrade" else object())
    begun = False
    with (
        pytest.raises(StopProgram, match="needs the extra 'up', of which freqtrade is not installed here"),
        extras.needs("up"),
    ):
        begun = True
    assert not begun
