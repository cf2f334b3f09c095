#!/usr/bin/env python3
"""Fetch candles through Freqtrade's own download: `./cryptoboy history fetch`."""

from __future__ import annotations

from _history import become

if __name__ == "__main__":
    become("fetch")
