#!/usr/bin/env python3
"""Export the signals of a running system as a sentiment CSV: `./cryptoboy history export`."""

from __future__ import annotations

from _history import become

if __name__ == "__main__":
    become("export")
