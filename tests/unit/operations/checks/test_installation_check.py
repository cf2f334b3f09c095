from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services import __version__
from services.common.errors import StopProgram
from services.common.settings.folders import STRATEGIES
from services.common.settings.settings import Settings
from services.operations.checks.check import run_checks
from services.operations.checks.installation import PACKAGE, describe_copy, installation_questions


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(STRATEGIES, tmp_path / "strategies")
    return tmp_path / "strategies"


def test_a_copy_of_the_same_version_is_named(copy: Path) -> None:
    assert describe_copy(copy) == f"{copy / PACKAGE}, of version {__version__}"


def test_a_copy_of_another_version_is_named_with_both_versions(copy: Path) -> None:
    (copy / PACKAGE / "version.py").write_text('VERSION = "0.0.9"\n')
    with pytest.raises(StopProgram, match=rf"{copy / PACKAGE}: 0\.0\.9; .*{__version__}"):
        describe_copy(copy)


def test_a_copy_from_before_there_were_versions_is_another_version(copy: Path) -> None:
    (copy / PACKAGE / "version.py").unlink()
    with pytest.raises(StopProgram, match="unknown version"):
        describe_copy(copy)


def test_the_folders_are_named_and_an_old_copy_is_a_warning_with_the_way_out(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "user_data").mkdir()
    copy.rename(tmp_path / "user_data" / "strategies")
    (tmp_path / "user_data/strategies" / PACKAGE / "version.py").write_text('VERSION = "0.0.9"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRYPTOBOY_ENV_FILE", str(tmp_path / "mine.env"))
    folders, strategy = run_checks(installation_questions(Settings()), str)
    assert folders.state == "ok"
    assert f"state in {tmp_path}/var, {tmp_path}/mine.env (not there)" in folders.found
    assert strategy.state == "warning"
    assert strategy.remedy == f"replace it by a copy of {STRATEGIES / PACKAGE}"
