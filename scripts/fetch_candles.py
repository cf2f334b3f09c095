#!/usr/bin/env python3
"""Fetch candles with Freqtrade's download command: `./cryptoboy history fetch`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CRYPTOBOY = str(Path(__file__).resolve().parents[1] / "cryptoboy")

if __name__ == "__main__":
    os.execv(CRYPTOBOY, [CRYPTOBOY, "history", "fetch", *sys.argv[1:]])  # noqa: S606 - our own program, no shell
