#!/usr/bin/env python3
"""Compare sentiment with the technical rules, with buy and hold, and with chance: `./cryptoboy backtest`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CRYPTOBOY = str(Path(__file__).resolve().parents[1] / "cryptoboy")

if __name__ == "__main__":
    os.execv(CRYPTOBOY, [CRYPTOBOY, "backtest", *sys.argv[1:]])  # noqa: S606 - our own program, no shell
