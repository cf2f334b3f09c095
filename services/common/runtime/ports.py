"""Ports on loopback: one that stays ours until it is used, and whether one is taken."""

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


def listen_on(port: int, host: str = LOOPBACK) -> socket.socket:
    """A socket that listens on a port of that address, 0 being any free one. Raises OSError, OverflowError.

    As long as it is open nobody else can listen there, whether anybody answers or not: what connects meanwhile waits.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def handed_over(arguments: Sequence[str]) -> tuple[socket.socket | None, list[str]]:
    """The socket on which whoever started this program listens for it, if he does (`--fd=N`); the other arguments."""
    descriptors = [each for each in arguments if each.startswith(_DESCRIPTOR)]
    others = [each for each in arguments if not each.startswith(_DESCRIPTOR)]
    if not descriptors:
        return None, others
    listener = socket.socket(fileno=int(descriptors[-1].removeprefix(_DESCRIPTOR)))
    listener.set_inheritable(False)
    return listener, others


def hand_over(listener: socket.socket) -> str:
    """The argument by which a program that inherits that socket gets it: see `handed_over`."""
    return f"{_DESCRIPTOR}{listener.fileno()}"


def users_listening(host: str, port: int) -> set[int]:
    """The ids of the users whose programs get what is sent to a port of an IPv4 address of this machine.

    Empty if nobody listens, and where the system does not tell: Linux alone does.
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
    """As the kernel lists an address: words of 32 bits, each in the order of the processor."""
    words = (int.from_bytes(address[at : at + 4], sys.byteorder) for at in range(0, len(address), 4))
    return "".join(f"{word:08X}" for word in words)
