"""Another account of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def another_user() -> Iterator[None]:
    """Do as another user does, where these tests may (as root); elsewhere as this one, from whom less is kept."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
