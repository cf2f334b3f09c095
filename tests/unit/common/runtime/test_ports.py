from __future__ import annotations

import errno
import os
import socket

import pytest

from services.common.runtime.ports import free_port, is_free, users_listening


def bound(port: int, *, reuse: bool) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    server.bind(("127.0.0.1", port))
    server.listen(1)
    return server


def test_a_free_port_can_be_listened_on_as_servers_do() -> None:
    with (
        bound(free_port(), reuse=True) as server,
        socket.create_connection(server.getsockname(), 5) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_a_free_port_is_given_to_nobody_who_asks_for_any() -> None:
    port = free_port()
    with pytest.raises(OSError, match=r".") as refused:
        bound(port, reuse=False)
    assert refused.value.errno == errno.EADDRINUSE


def test_free_ports_differ() -> None:
    ports = {free_port() for _ in range(200)}
    assert len(ports) == 200


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    port = free_port()
    assert is_free(port)
    with bound(port, reuse=True):
        assert not is_free(port)
    assert is_free(port)


def test_any_port_is_free() -> None:
    assert is_free(0)


@pytest.mark.parametrize(
    ("family", "listens_on", "asked", "is_heard"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1", True),
        (socket.AF_INET, "0.0.0.0", "127.0.0.1", True),
        (socket.AF_INET6, "::", "127.0.0.1", True),
        (socket.AF_INET6, "::ffff:127.0.0.1", "127.0.0.1", True),
        (socket.AF_INET, "127.0.0.2", "127.0.0.1", False),
    ],
)
def test_it_is_told_whose_program_gets_what_is_sent_to_a_port(
    family: socket.AddressFamily, listens_on: str, asked: str, is_heard: bool
) -> None:
    with socket.socket(family) as server:
        server.bind((listens_on, 0))
        port = server.getsockname()[1]
        assert users_listening(asked, port) == set(), "bound is not listening"
        server.listen()
        assert users_listening(asked, port) == ({os.geteuid()} if is_heard else set())
