"""Ports on loopback: reserving one, passing a listening socket to a program, and who listens."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
_BACKLOG = 128
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"
_DESCRIPTOR = "--fd="


def free_port() -> int:
    """Return a port on which nothing listens and which the system assigns to no other program for the next minute.

    A free port that was only looked up may be assigned to another program before ours starts. So the port gets a
    connection in TIME_WAIT: the system does not assign it, but servers, which use SO_REUSEADDR, can still bind it.
    """
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((LOOPBACK, 0))
        server.listen(1)
        port: int = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            # The side that closes first keeps the port in TIME_WAIT.
            server.accept()[0].close()
    return port


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` of `host` now; port 0 is always free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def listen_on(port: int, host: str = LOOPBACK) -> socket.socket:
    """Return a socket that listens on `port` of `host`; 0 means any free port. Raises OSError or OverflowError.

    While the socket is open no other program can listen on that port, even if connections are not accepted yet; new
    connections wait.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def handed_over(arguments: Sequence[str]) -> tuple[socket.socket | None, list[str]]:
    """Return the listening socket inherited from the parent process (`--fd=N`), if any, and the other arguments."""
    descriptors = [each for each in arguments if each.startswith(_DESCRIPTOR)]
    others = [each for each in arguments if not each.startswith(_DESCRIPTOR)]
    if not descriptors:
        return None, others
    listener = socket.socket(fileno=int(descriptors[-1].removeprefix(_DESCRIPTOR)))
    listener.set_inheritable(False)
    return listener, others


def hand_over(listener: socket.socket) -> str:
    """Return the argument by which a child program finds the inherited socket: see `handed_over`."""
    return f"{_DESCRIPTOR}{listener.fileno()}"


def users_listening(host: str, port: int) -> set[int]:
    """Return the ids of the users whose programs listen on a port of an IPv4 address of this machine.

    The result is empty if no program listens, and always empty on systems other than Linux.
    """
    own = socket.inet_aton(host)
    all_of_both, mapped = (bytes(4), bytes(16)), bytes(10) + b"\xff\xff" + own
    addresses = {_as_listed(each) for each in (own, mapped, *all_of_both)}
    users = set()
    for table in _TABLES:
        with suppress(OSError):
            for row in table.read_text().splitlines()[1:]:
                _slot, local, _remote, state, *more = row.split()
                address, _, hexadecimal = local.partition(":")
                if state == _LISTENS and address in addresses and int(hexadecimal, 16) == port:
                    users.add(int(more[3]))
    return users


def _as_listed(address: bytes) -> str:
    """Return an address as the kernel lists it: words of 32 bits, each in the processor's byte order."""
    words = (int.from_bytes(address[at : at + 4], sys.byteorder) for at in range(0, len(address), 4))
    return "".join(f"{word:08X}" for word in words)
