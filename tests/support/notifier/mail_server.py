"""A mail server on loopback that answers each command as a test says, and counts the mails that it took."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

_ANSWERS = {
    "EHLO": "250-mail\r\n250 AUTH PLAIN LOGIN",
    "AUTH": "235 ok",
    "DATA": "354 go on",
    "QUIT": "221 bye",
}


@dataclass
class MailServer:
    """`answers`: by the beginning of a command, its reply; others are those of a server that takes everything."""

    answers: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    mails: int = 0

    def reply(self, command: str) -> str:
        """The reply to a command."""
        told = [reply for begin, reply in self.answers.items() if command.startswith(begin)]
        return told[0] if told else _ANSWERS.get(command[:4], "250 ok")


@contextmanager
def mail_server(answers: Mapping[str, str]) -> Iterator[MailServer]:
    """Yield a mail server that listens until the end of the block."""
    kept = MailServer(answers)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 mail")
            while command := self.rfile.readline().decode().strip().upper():
                self.say(reply := kept.reply(command))
                if reply.startswith("354"):
                    while self.rfile.readline().strip() != b".":
                        pass
                    self.say(end := kept.reply("END"))
                    kept.mails += end.startswith("250")
                elif reply.startswith("221"):
                    return

        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
