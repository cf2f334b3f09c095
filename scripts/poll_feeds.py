#!/usr/bin/env python3
"""Poll the feeds in a folder and report what the poller reads from them; see `--help`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(os.environ.get("CRYPTOBOY_VENV", ROOT / ".venv")) / "bin" / "python"

if __name__ == "__main__":
    if not PYTHON.exists():
        sys.exit(f"{PYTHON} is not there; run ./cryptoboy test --only-install first")
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/user_data/strategies"}
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", "devtools.commands.poll_feeds", *sys.argv[1:]], environ)  # noqa: S606 - ours
