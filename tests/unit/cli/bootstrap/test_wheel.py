from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.bootstrap import wheel

TELL = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "path": sys.path, "inspect": os.environ.get("PYTHONINSPECT")}))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages in which a wheel is installed whose command line tells how it was started."""
    package = tmp_path / "site" / "cryptoboy"
    (package / "services/cli").mkdir(parents=True)
    shutil.copy(wheel.__file__, package / "__init__.py")
    (package / "services/cli/__main__.py").write_text(TELL)
    return package.parent


def start(site: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(site)!r}); import cryptoboy; cryptoboy.main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        cwd=site.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_line_gets_its_arguments_and_finds_the_packages_of_the_wheel_first(site: Path) -> None:
    (site.parent / "services").mkdir()  # another one, in the current folder
    done = start(site, "score", "a headline", PYTHONPATH=f":{site.parent}/mine:relative", PYTHONINSPECT="1")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    package = site / "cryptoboy"
    assert told["arguments"] == ["score", "a headline"]
    assert told["path"][:3] == [str(package), f"{package}/user_data/strategies", f"{site.parent}/mine"]
    assert not {"", ".", "relative", str(site.parent), f"{site.parent}/relative"} & set(told["path"])
    assert told["inspect"] is None


def test_in_editable_mode_the_command_line_of_the_checkout_runs(site: Path) -> None:
    checkout = site.parent / "checkout"
    checkout.mkdir()
    (site / "cryptoboy" / "services").rename(checkout / "services")
    (checkout / "services" / "__init__.py").touch()
    done = start(site, "--help", PYTHONPATH=str(checkout))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["path"][:2] == [str(checkout), f"{checkout}/user_data/strategies"]


def test_a_folder_whose_name_python_cannot_search_is_refused_with_the_way_out(site: Path) -> None:
    moved = site.rename(site.with_name("a:b"))
    done = start(moved, "--help")
    assert done.returncode == 1
    assert "Install it elsewhere" in done.stderr
    assert "Traceback" not in done.stderr
