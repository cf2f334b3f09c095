#!/usr/bin/env python3
"""Score an archive into a sentiment CSV: `./cryptoboy history score`."""

from __future__ import annotations

from _history import become

if __name__ == "__main__":
    become("score")
