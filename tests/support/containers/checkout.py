"""A copy of the tree under test, uncommitted changes included, which a system is installed from."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from services.common.settings.settings import PROJECT_ROOT


def copy_checkout(folder: Path) -> Path:
    """Copy every file that git knows or would add, readable by everybody as in a clone; return the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, target = PROJECT_ROOT / name, folder / name
        if source.is_file() or source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
            if not target.is_symlink():
                target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
    for each in [folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())]:
        each.chmod(0o755)
    return folder
