"""The check of an image at its build: all that a service may import, at any time, is in the image."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from services.common.settings.settings import PROJECT_ROOT

CHECK = PROJECT_ROOT / "deploy" / "image" / "imports.py"


def check(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, str(CHECK), *names]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def write(folder: Path, **modules: str) -> None:
    (folder / "services").mkdir()
    (folder / "services" / "__init__.py").touch()
    for name, text in modules.items():
        (folder / "services" / f"{name}.py").write_text(text)


def test_a_package_that_only_a_function_of_another_module_imports_is_missed(tmp_path: Path) -> None:
    late = "def ask() -> None:\n    import nobody_has_this\n"
    write(tmp_path, entry="def later() -> None:\n    from services import late\n", late=late)
    done = check(tmp_path, "services.entry")
    assert done.returncode == 1
    assert "No module named 'nobody_has_this'" in done.stderr


def test_what_is_there_passes_and_gets_its_bytecode_and_what_is_not_used_gets_none(tmp_path: Path) -> None:
    write(
        tmp_path,
        entry="from services.used import VALUE\n",
        used="VALUE = 1\n",
        unused="import nobody_has_this\n",
    )
    done = check(tmp_path, "services.entry")
    assert done.returncode == 0, done.stderr
    compiled = {path.name.partition(".")[0] for path in (tmp_path / "services" / "__pycache__").iterdir()}
    assert compiled == {"__init__", "entry", "used"}
