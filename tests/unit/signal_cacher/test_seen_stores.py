"""What is remembered of stores lasts, also where several cachers share the folder or its disk was full."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.signal_cacher.seen_stores import FILE_NAME, SeenStores


def test_two_cachers_that_share_a_folder_do_not_take_each_others_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = SeenStores(tmp_path), SeenStores(tmp_path)
    move = Path.replace

    def after_the_other(self: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", move)
        other.note("redis:6379", "first")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", after_the_other)
    one.note("redis:6379", "first")
    assert (one.problem, other.problem) == ("", "")
    one.note("redis:6379", "second")
    assert SeenStores(tmp_path).of("redis:6379") == ["first", "second"]


def test_what_could_not_be_written_is_written_by_the_next_note(tmp_path: Path) -> None:
    seen = SeenStores(tmp_path)
    file = tmp_path / FILE_NAME
    file.unlink()
    file.mkdir()
    seen.note("redis:6379", "first")
    assert "cannot be written" in seen.problem
    file.rmdir()
    seen.note("redis:6379", "first")
    assert seen.problem == ""
    assert SeenStores(tmp_path).of("redis:6379") == ["first"]
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]
