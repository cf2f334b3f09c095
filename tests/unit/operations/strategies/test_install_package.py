"""The copy of the package in a user's folder of strategies: always whole, and with no change of theirs lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from services.common.errors import StopProgram
from services.common.files import write_whole
from services.operations.strategies import install as module
from services.operations.strategies.copies import PACKAGE, RECORD, SOURCE, Copy, copy_in, record
from services.operations.strategies.install import Installed, install


@pytest.fixture
def user_data(tmp_path: Path) -> Path:
    """A directory as `freqtrade create-userdir` makes it."""
    (tmp_path / "user_data" / "strategies").mkdir(parents=True)
    return tmp_path / "user_data"


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def older(user_data: Path, version: str = "0.0.9") -> Path:
    """An installed copy of an older version, which had a module that this one has not."""
    folder = install(user_data).folder
    text = (folder / "version.py").read_text()
    (folder / "version.py").write_text(text.replace(f'"{install(user_data).version}"', f'"{version}"'))
    (folder / "former.py").write_text("A = 1\n")
    old = Copy(version, files_of(folder))
    (folder / RECORD).write_text(record(old))
    return folder


def files_of(folder: Path) -> dict[str, str]:
    found = copy_in(folder.parent)
    assert found
    return found.files


def test_the_copy_can_be_imported_from_there_alone(user_data: Path, tmp_path: Path) -> None:
    found = install(user_data)
    assert found.folder == user_data / "strategies" / PACKAGE
    assert (found.before, found.written) == (None, True)
    program = "import cryptoboy_sentiment as news; print(news.__file__, news.VERSION)"
    environ = {**os.environ, "PYTHONPATH": str(user_data / "strategies")}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environ, cwd=tmp_path, capture_output=True, check=True
    )
    assert ran.stdout.decode().split() == [str(found.folder / "__init__.py"), found.version]


def test_other_users_such_as_that_of_freqtrades_container_can_read_it(user_data: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = install(user_data).folder
    finally:
        os.umask(before)
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_only_the_folder_of_strategies_is_made_where_it_is_missing(tmp_path: Path) -> None:
    (tmp_path / "user_data").mkdir()
    assert install(tmp_path / "user_data").written
    with pytest.raises(StopProgram, match=r"there is no such directory.*freqtrade create-userdir --userdir"):
        install(tmp_path / "elsewhere")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["user_data"]


def test_the_folder_of_strategies_itself_is_refused_with_the_one_above(user_data: Path) -> None:
    with pytest.raises(StopProgram, match=f"name the directory above: {user_data}$"):
        install(user_data / "strategies")


def test_a_copy_that_is_up_to_date_is_left_alone(user_data: Path) -> None:
    folder = install(user_data).folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert install(user_data) == Installed(folder, install(user_data).version, "0.1.0", written=False)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_older_copy_is_replaced_and_nothing_of_it_remains(user_data: Path) -> None:
    folder = older(user_data)
    (folder / "__pycache__").mkdir(exist_ok=True)
    found = install(user_data)
    assert (found.before, found.written) == ("0.0.9", True)
    assert files(folder).keys() - {RECORD} == files(SOURCE).keys()
    assert sorted(path.name for path in folder.parent.iterdir()) == [PACKAGE]


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_changes_of_the_users_are_not_lost(user_data: Path, change: str) -> None:
    folder = older(user_data)
    if change == "edited":
        with (folder / "rules.py").open("a") as file:
            file.write("# mine\n")
    elif change == "added":
        (folder / "mine.py").write_text("B = 2\n")
    else:
        (folder / "rules.py").unlink()
    before = files(folder)
    with pytest.raises(StopProgram, match=r"changes of yours.*(mine|rules)\.py.*--replace"):
        install(user_data)
    assert files(folder) == before
    assert install(user_data, replace=True).written
    assert files(folder).keys() - {RECORD} == files(SOURCE).keys()


def test_a_copy_made_by_hand_is_taken_over_if_it_is_the_same_and_else_only_with_replace(
    user_data: Path,
) -> None:
    folder = user_data / "strategies" / PACKAGE
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert install(user_data).written
    assert not install(user_data).written
    (folder / RECORD).unlink()
    (folder / "rules.py").write_text("# another version\n")
    with pytest.raises(StopProgram, match=r"copied by hand.*--replace replaces it"):
        install(user_data)
    assert install(user_data, replace=True).written


@pytest.mark.parametrize("kind", ["package", "file", "empty"])
def test_what_is_not_ours_and_has_the_name_is_refused_and_kept(user_data: Path, kind: str) -> None:
    folder = user_data / "strategies" / PACKAGE
    if kind == "file":
        folder.write_text("mine\n")
    else:
        folder.mkdir()
    if kind == "package":
        (folder / "__init__.py").write_text("VERSION = 1\n")
        (folder / "version.py").write_text('VERSION = "3.0"\n')
    for replace in (False, True):
        with pytest.raises(StopProgram, match="is not a copy of CryptoBoy's package; rename or remove it"):
            install(user_data, replace=replace)
    assert folder.exists()


def test_a_link_to_the_package_is_kept(user_data: Path) -> None:
    folder = user_data / "strategies" / PACKAGE
    folder.symlink_to(SOURCE)
    with pytest.raises(StopProgram, match=f"symbolic link to {SOURCE}"):
        install(user_data, replace=True)
    assert folder.is_symlink()


def test_a_folder_of_strategies_that_is_a_link_is_followed(user_data: Path, tmp_path: Path) -> None:
    (user_data / "strategies").rename(tmp_path / "elsewhere")
    (user_data / "strategies").symlink_to(tmp_path / "elsewhere")
    assert install(user_data).written
    assert (tmp_path / "elsewhere" / PACKAGE / "version.py").is_file()


@pytest.mark.parametrize("step", [1, 5, 20])
def test_a_disk_that_is_full_leaves_the_old_copy_whole_and_no_draft(
    user_data: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    folder = older(user_data)
    before = files(folder)
    written = 0

    def full(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
        nonlocal written
        written += 1
        if written == step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_whole(path, content, mode=mode)

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(StopProgram, match="No space left on device"):
        install(user_data)
    assert files(folder) == before
    assert sorted(path.name for path in folder.parent.iterdir()) == [PACKAGE]


def test_the_old_copy_is_back_if_the_new_one_cannot_take_its_place(
    user_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = older(user_data)
    before = files(folder)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StopProgram, match="Permission denied"):
        install(user_data)
    assert files(folder) == before


def test_what_a_killed_installation_left_is_removed_by_the_next(user_data: Path) -> None:
    left = user_data / "strategies" / f".{PACKAGE}.{uuid4().hex}.part"
    left.mkdir()
    install(user_data)
    assert not left.exists()


def test_a_folder_of_the_users_beside_the_copy_is_kept(user_data: Path) -> None:
    backup = user_data / "strategies" / f".{PACKAGE}.mine.former" / "notes.txt"
    backup.parent.mkdir(parents=True)
    backup.write_text("mine")
    install(user_data)
    assert backup.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_named(user_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_arguments: object, **_more: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(
        StopProgram, match=r"strategies cannot be written \(Read-only file system\): run this as"
    ):
        install(user_data)
