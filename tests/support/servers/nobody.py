"""An address at which nobody is, and where nobody comes meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.servers.server_control import LOOPBACK


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port of loopback that is taken but not listened on: connections are refused."""
    with socket.socket() as nobody:
        nobody.bind((LOOPBACK, 0))
        yield int(nobody.getsockname()[1])
