"""Sizes of memory as Compose, Kubernetes, Redis and RabbitMQ write them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+)([kmg]?)(?:i?b?)", re.IGNORECASE)
_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def mebibytes(size: str) -> float:
    """The size in MiB. Units count in powers of two, as they do in limits of containers, in Redis's `mb` and in `MiB`.

    Raises:
        ValueError: it is not a size.
    """
    if (found := _SIZE.fullmatch(size)) is None:
        raise ValueError(f"{size!r} is not a size of memory")
    return int(found[1]) * _BYTES[found[2].lower()] / 2**20
