#!/usr/bin/env python3
"""What prices did after signals: the same as `./cryptoboy history study`, with the same options."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from services.cli.app import main

if __name__ == "__main__":
    sys.argv[1:1] = ["history", "study"]
    main()
