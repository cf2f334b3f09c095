"""A checkout that needs one small package, and an index in a folder, to try installations with."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from services.common.settings.settings import PROJECT_ROOT

PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
REAL_UV = Path(sys.prefix) / "bin/uv"
_PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
_BACKEND = """
import pathlib, zipfile
pathlib.Path({mark!r}).touch()
def build_wheel(folder, *_):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    return name
"""
_TOOLS = ("sh", "dirname", "readlink", "cmp", "env", "sleep")


class Checkout:
    """The script and what it runs; `index` has the wheels of its lock files, and nothing else is asked."""

    def __init__(self, folder: Path, uv: str = f'exec "{REAL_UV}" "$@"') -> None:
        self.root, self.index, self.tools = folder / "a check out", folder / "index", folder / "tools"
        self.venv = self.root / ".venv"
        self.index.mkdir()
        self.tools.mkdir()
        for name in _TOOLS:
            (self.tools / name).symlink_to(shutil.which(name) or "")
        shutil.copytree(PROJECT_ROOT / "services/cli/bootstrap", self.root / "services/cli/bootstrap")
        shutil.copy(PROJECT_ROOT / "cryptoboy", self.root)
        (self.root / "user_data/strategies").mkdir(parents=True)
        (self.root / "requirements").mkdir()
        for package in ("services", "services/cli"):
            (self.root / package / "__init__.py").touch()
        (self.root / "services/cli/__main__.py").write_text(
            "import sys, tiny\nprint('runs', tiny.__file__, sys.argv[1:])\n"
        )
        self.lock("operator", "tiny", {"tiny.py": ""})
        self.lock("bootstrap", "uv", {"uv-1.data/scripts/uv": f"#!/bin/sh\n{uv}\n"})

    def lock(self, name: str, package: str, files: dict[str, str]) -> str:
        """Write the lock file `name`, for one package of version 1, whose wheel has these files; returns its text."""
        wheel = self.index / f"{package}-1-py3-none-any.whl"
        about = f"{package}-1.dist-info"
        texts = files | {
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in texts.items())
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in (texts | {f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}).items():
                entry = zipfile.ZipInfo(path)
                entry.external_attr = 0o100755 << 16
                archive.writestr(entry, text)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pinned = f"{package}==1 \\\n    --hash=sha256:{digest}\n"
        self.lock_file(name).write_text(pinned)
        return pinned

    def lock_file(self, name: str) -> Path:
        return self.root / "requirements" / f"{name}.lock"

    def environ(self, **more: str) -> dict[str, str]:
        """Variables with which the script finds Python and the index, and no other tool of this machine."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "UV_", "CRYPTOBOY_"))
        }
        index = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
            "UV_OFFLINE": "1",
            "UV_NO_INDEX": "1",
        }
        caches = {
            "UV_CACHE_DIR": str(self.root.parent / "uv"),
            "PIP_CACHE_DIR": str(self.root.parent / "pip"),
        }
        tools = {"PATH": str(self.tools), "CRYPTOBOY_PYTHON": str(PYTHON), "UV_FIND_LINKS": str(self.index)}
        return kept | index | caches | tools | more

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """The script's status and what it printed."""
        return subprocess.run(
            [self.root / "cryptoboy", *arguments],
            env=self.environ(**more), cwd=self.root.parent, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip


def python_without_ensurepip(folder: Path, *, pip: bool) -> Path:
    """A Python as Debian has it without python3-venv, with or without its python3-pip."""
    version = f"python3.{sys.version_info.minor}"
    library = Path(sys.base_prefix) / "lib" / version
    packages = folder / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    for entry in library.iterdir():
        if entry.name not in {"ensurepip", "site-packages"}:
            (packages.parent / entry.name).symlink_to(entry)
    if pip:
        for entry in (library / "site-packages").glob("pip*"):
            (packages / entry.name).symlink_to(entry)
    program = folder / "bin" / version
    program.parent.mkdir()
    shutil.copy(PYTHON.resolve(), program)
    return program


def as_source(checkout: Checkout, mark: Path) -> None:
    """Have the lock file ask for a source distribution in place of the wheel; `mark` is there once its code has run."""
    (checkout.index / "tiny-1-py3-none-any.whl").unlink()
    files = {
        "pyproject.toml": _PROJECT,
        "backend.py": _BACKEND.format(mark=str(mark)),
        "PKG-INFO": "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n",
    }
    packed = checkout.index / "tiny-1.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"tiny-1/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    checkout.lock_file("operator").write_text(f"tiny==1 \\\n    --hash=sha256:{digest}\n")


def _digest(text: str) -> str:
    encoded = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
    return f"sha256={encoded.decode()}"
