"""What the records say while an environment grows, and after an installation that failed or was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.bootstrap.advice import FullDiskError, InstallError
from services.cli.bootstrap.stamps import Stamps, pins
from services.common.settings.settings import PROJECT_ROOT

HASH = " \\\n    --hash=sha256:0\n"


class Machine:
    """Checkouts with the lock files `operator`, `up` and `research`, which share one environment."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.venv = folder, folder / "venv"
        self.venv.mkdir()

    def checkout(self, version: str) -> Stamps:
        root = self._folder / version
        (root / "requirements").mkdir(parents=True)
        for name in ("operator", "up", "research"):
            text = f"pydantic=={version}{HASH}" + ("" if name == "operator" else f"{name}-only==1{HASH}")
            (root / "requirements" / f"{name}.lock").write_text(text)
        return Stamps(root, self.venv)

    def marks(self) -> set[str]:
        return {path.name for path in self.venv.iterdir()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def stopped(stamps: Stamps, name: str, error: BaseException) -> None:
    with pytest.raises(type(error)), stamps.installing(name):
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InstallError("no index"), FullDiskError("full")])
def test_what_other_commands_have_stays_recorded_when_an_installation_ends_early(
    machine: Machine, error: BaseException
) -> None:
    stamps = machine.checkout("1")
    stamps.record("up")
    (machine.venv / ".installed.lock").write_text(f"pydantic==1{HASH}")
    stopped(stamps, "research", error)
    assert stamps.is_installed("up")
    assert not stamps.lacking("operator", {"pydantic==1"})
    assert not stamps.is_installed("research")
    assert (machine.venv / ".installed.lock").exists()


@pytest.mark.parametrize(
    ("error", "begun"),
    [(KeyboardInterrupt(), True), (FullDiskError("full"), True), (InstallError("x"), False)],
)
def test_packages_are_in_doubt_after_a_stop_and_not_after_an_index_that_is_away(
    machine: Machine, error: BaseException, begun: bool
) -> None:
    stamps = machine.checkout("1")
    stopped(stamps, "up", error)
    assert stamps.any_begun() is begun


def test_a_failed_installation_does_not_end_the_doubt_of_one_that_was_stopped(machine: Machine) -> None:
    stamps = machine.checkout("1")
    stopped(stamps, "up", KeyboardInterrupt())
    stopped(stamps, "up", InstallError("no index"))
    assert stamps.any_begun()


@pytest.mark.parametrize("earlier", [".installed-up.lock", ".installed.lock"])
def test_a_record_of_versions_that_an_installation_has_changed_is_gone(
    machine: Machine, earlier: str
) -> None:
    machine.checkout("1").record("up")
    (machine.venv / ".installed-up.lock").rename(machine.venv / earlier)
    new = machine.checkout("2")
    with new.installing("operator"):
        assert not new.any_installed()
    assert machine.marks() == {".installed-operator.lock"}


@pytest.mark.parametrize("earlier", [".installed-up.lock", ".installed.lock"])
def test_a_failed_installation_of_other_versions_brings_the_records_back(
    machine: Machine, earlier: str
) -> None:
    machine.checkout("1").record("up")
    (machine.venv / ".installed-up.lock").rename(machine.venv / earlier)
    stopped(machine.checkout("2"), "operator", InstallError("no index"))
    assert machine.marks() == {earlier}


def test_after_a_stop_among_other_versions_no_record_is_believed_and_the_folder_is_known_as_used(
    machine: Machine,
) -> None:
    old, new = machine.checkout("1"), machine.checkout("2")
    old.record("up")
    stopped(new, "operator", KeyboardInterrupt())
    assert not old.is_installed("up")
    assert not new.any_installed()
    assert new.was_complete()
    with new.installing("operator"):
        pass
    assert machine.marks() == {".installed-operator.lock"}


def lacking(folder: Path, wanted: str, recorded: str, *found: str) -> list[str]:
    (folder / "requirements").mkdir()
    (folder / "requirements/demo.lock").write_text(wanted + HASH)
    (folder / ".installed-up.lock").write_text(recorded + HASH)
    return [pin.name for pin in Stamps(folder, folder).lacking("demo", found)]


@pytest.mark.parametrize(
    ("wanted", "recorded", "found", "lacks"),
    [
        ("faketime==3 ; sys_platform == 'linux'", "tiny==1", (), True),
        ("faketime==3 ; sys_platform == 'linux'", "faketime==3 ; sys_platform == 'linux'", (), False),
        ("cffi==2 ; a == 'b'", "cffi==2 ; a == 'b' or c == 'd'", ("cffi==2",), False),
        ("cffi==2 ; a == 'b'", "cffi==2 ; a == 'b' or c == 'd'", (), True),
        ("tiny==1", "tiny==1", ("tiny==1",), False),
        ("tiny==1", "tiny==1", (), True),
        ("tiny==1", "other==1", ("tiny==1",), True),  # who installed it may have been stopped
        ("tiny==2", "tiny==1", ("tiny==1",), True),
    ],
)
def test_a_package_is_there_if_a_record_has_it(
    tmp_path: Path, wanted: str, recorded: str, found: tuple[str, ...], lacks: bool
) -> None:
    assert bool(lacking(tmp_path, wanted, recorded, *found)) is lacks


def test_no_command_of_a_checkout_takes_away_the_record_of_another(tmp_path: Path) -> None:
    stamps = Stamps(PROJECT_ROOT, tmp_path)
    names = {path.stem for path in (PROJECT_ROOT / "requirements").glob("*.lock")}
    assert {"operator", "up", "dev", "llm", "bootstrap"} <= names
    for name in names:
        stamps.record(name)
    for name in names:
        with stamps.installing(name):
            assert all(stamps.is_installed(each) for each in names)


def test_all_that_pause_needs_is_there_after_any_other_command() -> None:
    """Also where a record has a package with another condition, if it is for this machine."""
    locks = {path.stem: pins(path.read_text()) for path in (PROJECT_ROOT / "requirements").glob("*.lock")}
    for name in ("trade", "up", "demo", "research", "dev"):
        assert {pin.package for pin in locks["operator"]} <= {pin.package for pin in locks[name]}
