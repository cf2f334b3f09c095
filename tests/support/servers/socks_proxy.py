"""A SOCKS5 proxy on loopback that leads every connection, whatever it is for, to one port on this machine."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from typing import Any

from tests.support.servers.running import RunningServer

_NAME, _BYTES_OF_AN_ADDRESS = 3, {1: 4, 4: 16}


class SocksProxy(RunningServer):
    """Runs between `with` and its end. `asked` holds host and port of each connection that it was asked for."""

    def __init__(self, target: int) -> None:
        self.asked: list[tuple[str, int]] = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _, methods = self.rfile.read(2)
                self.rfile.read(methods)
                self.wfile.write(b"\x05\x00")
                *_, kind = self.rfile.read(4)
                length = self.rfile.read(1)[0] if kind == _NAME else _BYTES_OF_AN_ADDRESS[kind]
                host, (port,) = self.rfile.read(length).decode(), struct.unpack("!H", self.rfile.read(2))
                proxy.asked.append((host, port))
                self.wfile.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                with socket.create_connection(("127.0.0.1", target)) as there:
                    answers = threading.Thread(target=_copy, args=(there, self.connection), daemon=True)
                    answers.start()
                    _copy(self.connection, there)
                    answers.join()

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        super().__init__(server)
        self._port = int(server.server_address[1])

    @property
    def url(self) -> str:
        """What a variable such as ALL_PROXY says of it; names are resolved by the proxy."""
        return f"socks5h://127.0.0.1:{self._port}"


def _copy(source: socket.socket, target: Any) -> None:
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)
