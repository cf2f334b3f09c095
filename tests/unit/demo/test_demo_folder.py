from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.common.errors import StopProgram, TryLater
from services.demo.folder import ROOM_BYTES, demo_folder


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def with_room_for(*free: int) -> Callable[[Path], Any]:
    left = list(free)
    return lambda _path: type("Usage", (), {"free": left.pop(0) if len(left) > 1 else left[0]})


def test_a_folder_of_its_own_is_removed_without_a_word_when_all_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with demo_folder(None, print) as folder:
        (folder / "logs").mkdir()
    assert not list(tmp_path.iterdir())
    assert capsys.readouterr().out == ""


def test_a_full_disk_is_named_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", with_room_for(ROOM_BYTES - 1))
    with (
        pytest.raises(StopProgram, match=f"disk of {tmp_path} is full.*TMPDIR=DIR"),
        demo_folder(None, print),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_disk_that_was_filled_meanwhile_is_named_instead_of_what_failed_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", with_room_for(ROOM_BYTES, 0))
    with pytest.raises(StopProgram, match="is full"), demo_folder(None, print):
        raise TryLater("a part ended")


def test_a_place_without_a_folder_for_temporary_files_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    with pytest.raises(StopProgram, match="TMPDIR=DIR"), demo_folder(None, print):
        pass


def test_a_folder_that_could_not_be_removed_is_not_said_to_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)

    def stopped() -> None:
        with demo_folder(None, print):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    said = capsys.readouterr().out
    assert "could not be removed" in said
    assert "were removed" not in said
