"""What runs while a `with` block does."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Self

LOOK_SECONDS = 0.05


class Running:
    """Starts with the block and is closed at its end, also when the start fails half-way."""

    def start(self) -> None:
        """Begin to run."""
        raise NotImplementedError

    def close(self) -> None:
        """End everything that was started."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RunningServer(Running):
    """Answers in a thread of this process."""

    def __init__(self, server: socketserver.BaseServer) -> None:
        self._server = server

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, args=(LOOK_SECONDS,), daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more, and give the port back."""
        self._server.shutdown()
        self._server.server_close()
