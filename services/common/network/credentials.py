"""Addresses as they may be shown."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE | re.ASCII)
_LONGEST = 80


def without_credentials(address: str) -> str:
    """An address, well-formed or not, without all before its last `@` but the scheme; cut to 80 characters."""
    before, at, after = address.rpartition("@")
    scheme = _SCHEME.match(before)
    return f"{scheme[0] if scheme else ''}{'***@' if at else ''}{after}"[:_LONGEST]
