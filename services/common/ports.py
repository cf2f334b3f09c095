"""Ports on loopback: one that stays ours until it is used, and whether one is taken."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"
_BACKLOG = 128


def free_port() -> int:
    """A port that nothing listens on, and that the system hands to nobody else for the next minute.

    A port that was only looked up may be given away again before its program starts. One that has a closed
    connection in its last wait is not, yet programs that listen, as servers do, with SO_REUSEADDR can have it.
    """
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((LOOPBACK, 0))
        server.listen(1)
        port: int = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            # The side that closes first is the one that waits.
            server.accept()[0].close()
    return port


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` of `host` now; 0 always is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def listen_on(port: int) -> socket.socket:
    """A socket that listens on a port of loopback, 0 being any free one. Raises OSError, OverflowError.

    As long as it is open nobody else can listen there, whether anybody answers or not: what connects meanwhile waits.
    """
    return socket.create_server((LOOPBACK, port), backlog=_BACKLOG)
