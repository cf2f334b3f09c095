#!/usr/bin/env python3
"""Score an archive into a sentiment CSV: `./cryptoboy history score`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CRYPTOBOY = str(Path(__file__).resolve().parents[1] / "cryptoboy")

if __name__ == "__main__":
    os.execv(CRYPTOBOY, [CRYPTOBOY, "history", "score", *sys.argv[1:]])  # noqa: S606 - our own program, no shell
