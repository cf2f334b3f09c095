from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.bootstrap.environment import OWNED
from tests.support.deploy.first_install import PYTHON, REAL_UV, Checkout, python_without_ensurepip
from tests.support.waiting import eventually

WAIT = 60


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def runs(done: subprocess.CompletedProcess[str], venv: Path) -> bool:
    return done.returncode == 0 and done.stdout.startswith(f"runs {venv}/lib/")


@pytest.mark.parametrize(
    "settings",
    [
        {"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1", "PIP_NO_BINARY": ":all:"},
        {"PIP_TARGET": "elsewhere", "PIP_CONSTRAINT": "missing.txt"},
        {"PIP_PREFIX": "elsewhere", "UV_TARGET": "elsewhere", "UV_SYSTEM_PYTHON": "1", "UV_NO_BINARY": "1"},
        {"PIP_CONFIG_FILE": "user.conf", "UV_PYTHON": "3.2", "UV_CONSTRAINT": "missing.txt"},
        {"PYTHONHOME": "/nonexistent", "HOME": "/nonexistent"},
    ],
)
def test_settings_meant_for_other_installations_change_nothing(
    checkout: Checkout, settings: dict[str, str]
) -> None:
    conf = "user = true\nno-binary = :all:\n"
    (checkout.root.parent / "user.conf").write_text(f"[global]\n{conf}[install]\n{conf}")
    if "PIP_CONFIG_FILE" in settings:
        settings = settings | {"PIP_CONFIG_FILE": str(checkout.root.parent / "user.conf")}
    done = checkout.run("--help", **settings)
    assert runs(done, checkout.venv), done.stderr
    assert done.stdout.rstrip().endswith("['--help']")
    assert not list(checkout.root.parent.rglob("elsewhere"))


def test_without_the_fast_installer_pip_installs_in_spite_of_its_configuration(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, uv="exit 2")
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip/pip.conf").write_text(
        f"[install]\nprefix = {tmp_path}/other\n[global]\ntarget = {tmp_path}/other\n"
    )
    done = checkout.run(XDG_CONFIG_HOME=str(tmp_path))
    assert runs(done, checkout.venv), done.stderr
    assert not (tmp_path / "other").exists()


def test_packages_that_pip_put_elsewhere_are_not_taken_for_installed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, uv="exit 0")
    (tmp_path / "pip.conf").write_text(f"[install]\ntarget = {tmp_path}/other\n")
    done = checkout.run(PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert done.returncode == 1
    assert "pip has installed 1 packages elsewhere" in done.stderr
    assert not list(checkout.venv.glob(".installed*"))


def test_no_home_and_a_call_through_a_link_from_elsewhere(checkout: Checkout) -> None:
    link = checkout.root.parent / "a link"
    link.symlink_to(checkout.root / "cryptoboy")
    environ = {
        name: value for name, value in checkout.environ().items() if name not in {"HOME", "UV_CACHE_DIR"}
    }
    done = subprocess.run(
        [link], env=environ, cwd="/", capture_output=True, text=True, check=False, timeout=WAIT
    )
    assert runs(done, checkout.venv), done.stderr


def python_is_there(venv: Path) -> bool:
    return (venv / "bin/python").exists()


def pip_is_being_unpacked(venv: Path) -> bool:
    return any(venv.glob("lib/python*/site-packages/pip"))


def uv_runs(venv: Path) -> bool:
    return (venv.parent / "uv runs").exists()


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (Path.exists, signal.SIGINT),
        (python_is_there, signal.SIGTERM),
        (pip_is_being_unpacked, signal.SIGINT),
        (pip_is_being_unpacked, signal.SIGKILL),
        (uv_runs, signal.SIGINT),
        (uv_runs, signal.SIGKILL),
    ],
)
def test_an_installation_that_is_stopped_is_begun_again(
    tmp_path: Path, moment: Callable[[Path], bool], number: signal.Signals
) -> None:
    checkout = Checkout(tmp_path, uv=f': > "{tmp_path}/a check out/uv runs"; sleep 600')
    process = subprocess.Popen(
        [checkout.root / "cryptoboy"], env=checkout.environ(), stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        eventually(lambda: moment(checkout.venv))
        process.send_signal(number)
        if number is signal.SIGKILL:
            assert process.wait(WAIT) == -number
            if moment is uv_runs:  # what it had started goes on until it is ended, and is waited for
                assert not can_be_locked(checkout.venv)
                end_those_that_hold(checkout.venv)
        else:
            _, told = process.communicate(timeout=WAIT)
            assert process.returncode == 130
            assert "stopped; the installation is not complete" in told
            assert "Traceback" not in told
            assert can_be_locked(checkout.venv), "no installer goes on"
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)
    shutil.rmtree(checkout.index)
    checkout.index.mkdir()
    checkout.lock("operator", "tiny", {"tiny.py": ""})
    checkout.lock("bootstrap", "uv", {"uv-1.data/scripts/uv": "#!/bin/sh\nexit 2\n"})
    again = checkout.run()
    assert runs(again, checkout.venv), again.stderr


def can_be_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def end_those_that_hold(folder: Path) -> None:
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink() == folder:
                os.kill(int(link.parts[2]), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def without_pip(venv: Path) -> None:
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", venv], check=True)


def with_a_broken_pip(venv: Path) -> None:
    subprocess.run([PYTHON, "-m", "venv", venv], check=True)
    shutil.rmtree(next(venv.glob("lib/python*/site-packages/pip/_internal")))


def with_a_python_that_is_gone(venv: Path) -> None:
    without_pip(venv)
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/nonexistent/python3.11")


def with_folders_only(venv: Path) -> None:
    (venv / "bin").mkdir(parents=True)


@pytest.mark.parametrize(
    "made", [without_pip, with_a_broken_pip, with_a_python_that_is_gone, with_folders_only]
)
def test_a_half_made_environment_of_an_earlier_version_is_made_anew(
    checkout: Checkout, made: Callable[[Path], None]
) -> None:
    made(checkout.venv)
    done = checkout.run()
    assert runs(done, checkout.venv), done.stderr


def test_an_update_that_was_stopped_installs_again_what_may_be_incomplete(checkout: Checkout) -> None:
    checkout.run()
    next(checkout.venv.glob("lib/python*/site-packages/tiny.py")).unlink()
    (checkout.venv / ".installed-operator.lock").unlink()
    done = checkout.run()
    assert runs(done, checkout.venv), done.stderr


def test_an_environment_of_somebody_else_keeps_what_is_in_it(checkout: Checkout) -> None:
    theirs = checkout.root.parent / "their venv"
    subprocess.run([PYTHON, "-m", "venv", theirs], check=True)
    package = next(theirs.glob("lib/python*/site-packages")) / "theirs.py"
    package.write_text("")
    (theirs / "notes.txt").write_text("kept")
    done = checkout.run(CRYPTOBOY_VENV=str(theirs))
    assert runs(done, theirs), done.stderr
    assert package.exists()
    assert (theirs / "notes.txt").read_text() == "kept"
    assert not (theirs / OWNED).exists()
    assert not (theirs / "pip.conf").exists()


def test_a_folder_that_is_no_environment_is_refused_and_left_alone(checkout: Checkout) -> None:
    theirs = checkout.root.parent / "documents"
    theirs.mkdir()
    (theirs / "letter").write_text("kept")
    done = checkout.run(CRYPTOBOY_VENV=str(theirs))
    assert done.returncode == 1
    assert "neither empty nor a virtual environment" in done.stderr
    assert [path.name for path in theirs.iterdir()] == ["letter"]


def test_without_ensurepip_a_pip_of_the_machine_serves(checkout: Checkout) -> None:
    python = python_without_ensurepip(checkout.root.parent / "debian", pip=True)
    done = checkout.run(CRYPTOBOY_PYTHON=str(python), PIP_USER="1")
    assert runs(done, checkout.venv), done.stderr


def test_without_ensurepip_a_uv_of_the_machine_serves(checkout: Checkout) -> None:
    python = python_without_ensurepip(checkout.root.parent / "debian", pip=False)
    uv = checkout.tools / "uv"
    uv.symlink_to(REAL_UV)
    done = checkout.run(CRYPTOBOY_PYTHON=str(python))
    assert runs(done, checkout.venv), done.stderr


def test_without_ensurepip_pip_and_uv_the_one_command_is_named(checkout: Checkout) -> None:
    python = python_without_ensurepip(checkout.root.parent / "debian", pip=False)
    done = checkout.run(CRYPTOBOY_PYTHON=str(python))
    assert done.returncode == 1
    assert f"apt-get install {python.name}-venv" in done.stderr


@pytest.mark.parametrize(
    "words", ["No space left on device (os error 28)", "[Errno 122] Disk quota exceeded"]
)
def test_a_full_disk_is_called_so_and_the_room_given_back(tmp_path: Path, words: str) -> None:
    checkout = Checkout(tmp_path, uv=f"echo 'error: {words}' >&2; exit 2")
    done = checkout.run()
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert "up to 1 GB" in done.stderr
    assert not list(checkout.venv.iterdir())


@pytest.mark.parametrize("name", ["python3", "a python"])
def test_a_python_that_is_too_old_is_told_from_none(checkout: Checkout, name: str) -> None:
    old = checkout.tools / name
    old.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 1\necho Python 3.9.2\n')
    old.chmod(0o755)
    done = checkout.run(CRYPTOBOY_PYTHON="" if name == "python3" else str(old))
    assert done.returncode == 1
    assert ("Python 3.9.2 was found" if name == "python3" else f"CRYPTOBOY_PYTHON={old}") in done.stderr
    assert not checkout.venv.exists()


def test_a_path_with_a_colon_is_refused_before_anything_is_made(checkout: Checkout) -> None:
    done = checkout.run(CRYPTOBOY_VENV=f"{checkout.root}/a:b")
    assert done.returncode == 1
    assert "colon" in done.stderr


def test_two_calls_at_once_install_once(checkout: Checkout) -> None:
    first = subprocess.Popen(
        [checkout.root / "cryptoboy"], env=checkout.environ(), stderr=subprocess.PIPE, text=True
    )
    with first:
        eventually(checkout.venv.exists)
        second = checkout.run()
        _, told = first.communicate(timeout=WAIT)
    assert first.returncode == 0
    assert runs(second, checkout.venv)
    assert told.count("installing into") + second.stderr.count(": installing into") == 1


def grown(checkout: Checkout, *more: str) -> subprocess.CompletedProcess[str]:
    """A command that needs the package `large` beside `tiny`, where only `tiny` is installed."""
    assert checkout.run("queues").returncode == 0
    large = checkout.lock("trade", "large", {"large.py": ""})
    checkout.lock_file("trade").write_text(checkout.lock_file("operator").read_text() + large)
    return checkout.run("trade", *more)


def test_a_command_that_needs_more_gets_it_beside_what_is_there(checkout: Checkout) -> None:
    done = grown(checkout, "--help")
    assert runs(done, checkout.venv), done.stderr
    assert "installing into" in done.stderr
    packages = next(checkout.venv.glob("lib/python*/site-packages"))
    assert {"tiny.py", "large.py"} <= {path.name for path in packages.iterdir()}
    for command in ("queues", "trade", "-h"):
        again = checkout.run(command)
        assert runs(again, checkout.venv)
        assert again.stderr == ""


def test_what_is_there_for_another_command_is_not_installed_again(checkout: Checkout) -> None:
    grown(checkout)
    (checkout.venv / ".installed-operator.lock").unlink()
    shutil.rmtree(checkout.index)
    done = checkout.run("queues")
    assert runs(done, checkout.venv)
    assert done.stderr == ""


def test_an_environment_of_an_earlier_version_that_has_everything_is_used_as_it_is(
    checkout: Checkout,
) -> None:
    checkout.run()
    (checkout.venv / ".installed-operator.lock").rename(checkout.venv / ".installed.lock")
    checkout.venv.chmod(0o555)
    done = checkout.run()
    checkout.venv.chmod(0o755)
    assert runs(done, checkout.venv)
    assert done.stderr == ""


def test_a_command_whose_packages_cannot_be_had_leaves_the_others_as_they_were(checkout: Checkout) -> None:
    checkout.run()
    checkout.lock("trade", "large", {"large.py": ""})
    (checkout.index / "large-1-py3-none-any.whl").unlink()
    failed = checkout.run("trade")
    assert failed.returncode == 1
    assert "the packages could not be installed" in failed.stderr
    done = checkout.run("queues")
    assert runs(done, checkout.venv)
    assert done.stderr == ""


def test_after_a_growth_that_was_killed_packages_are_installed_again(checkout: Checkout) -> None:
    grown(checkout)
    packages = next(checkout.venv.glob("lib/python*/site-packages"))
    (packages / "large.py").unlink()  # as if the kill had come while its files were written
    (checkout.venv / ".installing-trade").touch()
    for name in ("trade", "operator"):
        (checkout.venv / f".installed-{name}.lock").unlink()
    done = checkout.run("trade")
    assert runs(done, checkout.venv), done.stderr
    assert (packages / "large.py").exists()
    assert not list(checkout.venv.glob(".installing-*"))
