#!/usr/bin/env python3
"""Check candles and sentiment: `./cryptoboy history validate`."""

from __future__ import annotations

from _history import become

if __name__ == "__main__":
    become("validate")
