#!/usr/bin/env python3
"""Import a news archive: `./cryptoboy history import`."""

from __future__ import annotations

from _history import become

if __name__ == "__main__":
    become("import")
