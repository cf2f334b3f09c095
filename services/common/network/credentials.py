"""Removal of credentials from addresses before they are shown."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE | re.ASCII)
_LONGEST = 80


def without_credentials(address: str) -> str:
    """Return the scheme of an address (valid or not) and all after its last `@`, cut to 80 characters."""
    before, at, after = address.rpartition("@")
    scheme = _SCHEME.match(before)
    return f"{scheme[0] if scheme else ''}{'***@' if at else ''}{after}"[:_LONGEST]
