"""Ports on loopback: one that stays ours until it is used, and whether one is taken."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port that nothing listens on, and that the system hands to nobody else for the next minute.

    A port that was only looked up may be given away again before its program starts. One that has a closed
    connection in its last wait is not, yet programs that listen, as servers do, with SO_REUSEADDR can have it.
    """
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        port: int = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            # The side that closes first is the one that waits.
            server.accept()[0].close()
    return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` of `host` now; 0 always is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
