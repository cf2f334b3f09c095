"""Programs that tests start."""

from __future__ import annotations

import subprocess
from types import TracebackType


class Program(subprocess.Popen[str]):
    """A process that is killed when its block ends by an error. `Popen` would wait for its end, and hide the error."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)
