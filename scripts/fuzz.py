#!/usr/bin/env python3
"""Search for inputs that the parsers of messages, feeds and model answers do not handle correctly; see `--help`."""

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
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", "devtools.commands.fuzz", *sys.argv[1:]], environ)  # noqa: S606 - ours
