"""An environment that other commands use already: `pause` and a running bot need no index because of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from services.cli.bootstrap.stamps import Stamps
from tests.support.deploy.first_install import REAL_UV, Checkout, python_without_ensurepip

FOR_LINUX = "==1 ; sys_platform == 'linux' "


def with_commands(checkout: Checkout) -> Checkout:
    """Each command needs one package more: `pause` has `tiny`, `up` also `big`, `backtest` also `huge`."""
    (checkout.root / "services/cli/bootstrap/commands.txt").write_text(
        "up up\ndemo demo\nbacktest research\n"
    )
    needed = checkout.lock_file("operator").read_text()
    for name, package in (("up", "big"), ("research", "huge")):
        needed += checkout.lock(name, package, {f"{package}.py": ""})
        checkout.lock_file(name).write_text(needed)
    return checkout


def take_the_index_away(checkout: Checkout) -> Path:
    away = checkout.index.rename(checkout.index.with_name("away"))
    checkout.index.mkdir()
    return away


def starts_at_once(done: subprocess.CompletedProcess[str]) -> bool:
    return (done.returncode, done.stderr) == (0, "")


def stop_an_installation(checkout: Checkout, name: str) -> None:
    with pytest.raises(KeyboardInterrupt), Stamps(checkout.root, checkout.venv).installing(name):
        raise KeyboardInterrupt


def packages(checkout: Checkout) -> Path:
    return next(checkout.venv.glob("lib/python*/site-packages"))


def test_a_package_for_some_machines_only_is_installed_for_the_command_that_adds_it(tmp_path: Path) -> None:
    checkout = with_commands(Checkout(tmp_path))
    needed = checkout.lock_file("up").read_text()
    faketime = checkout.lock("demo", "faketime", {"faketime.py": ""}).replace("==1 ", FOR_LINUX)
    checkout.lock_file("demo").write_text(needed + faketime)
    assert checkout.run("up").returncode == 0
    assert checkout.run("demo").returncode == 0
    assert (packages(checkout) / "faketime.py").exists()


def test_pause_works_without_the_index_after_another_command_could_not_be_installed(tmp_path: Path) -> None:
    checkout = with_commands(Checkout(tmp_path))
    assert checkout.run("up").returncode == 0
    take_the_index_away(checkout)
    assert checkout.run("backtest").returncode == 1
    assert starts_at_once(checkout.run("pause"))
    assert starts_at_once(checkout.run("up"))


@pytest.mark.parametrize("uv", [f'exec "{REAL_UV}" "$@"', "exit 2"], ids=["uv", "pip"])
def test_a_stopped_installation_puts_in_doubt_only_what_no_other_command_has(tmp_path: Path, uv: str) -> None:
    checkout = with_commands(Checkout(tmp_path, uv=uv))
    assert checkout.run("up").returncode == 0
    stop_an_installation(checkout, "research")
    away = take_the_index_away(checkout)
    assert starts_at_once(checkout.run("pause"))
    assert starts_at_once(checkout.run("up"))
    assert checkout.run("backtest").returncode == 1
    assert starts_at_once(checkout.run("pause"))

    (away / "big-1-py3-none-any.whl").unlink()  # the bot runs with it
    checkout.index.rmdir()
    away.rename(checkout.index)
    done = checkout.run("backtest")
    assert done.returncode == 0, done.stderr
    assert {"big.py", "huge.py"} <= {path.name for path in packages(checkout).iterdir()}
    assert not list(checkout.venv.glob(".installing-*"))


def test_an_environment_without_pip_is_not_emptied_after_a_stopped_update(tmp_path: Path) -> None:
    python = str(python_without_ensurepip(tmp_path / "debian", pip=False))
    checkout = with_commands(Checkout(tmp_path))
    (checkout.tools / "uv").symlink_to(REAL_UV)
    assert checkout.run("up", CRYPTOBOY_PYTHON=python).returncode == 0
    lock = checkout.lock_file("operator")
    lock.write_text(lock.read_text().replace("tiny==1", "tiny==2"))
    stop_an_installation(checkout, "operator")
    assert checkout.run("pause", CRYPTOBOY_PYTHON=python).returncode == 1  # there is no version 2
    assert {"tiny.py", "big.py"} <= {path.name for path in packages(checkout).iterdir()}
