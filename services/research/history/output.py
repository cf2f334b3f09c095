"""Writes a CSV file in steps: the file appears when it is complete, and interrupted runs resume after the last step.

Until then the file is named `NAME.partial`, and `NAME.partial.json` records its valid length and the state to resume
from. A gzipped file consists of one gzip member for each step, which readers accept as one file. The same steps give
the same bytes, whether or not the run was interrupted.
"""

from __future__ import annotations

import csv
import fcntl
import gzip
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from services.common.errors import StopProgram
from services.common.files import is_gzipped, write_whole
from services.research.history.archive.archive import partial_path

COMPRESSION = 6


class StepwiseCsv:
    """A CSV file that is being written. Enter its context to begin or resume; `finish` renames it to its final name.

    Args:
        path: the path of the complete file, which is compressed if its name ends with .gz.
        columns: the column names of the header.
        task: a JSON value that identifies the work. Remains of another task are deleted.
        resume: whether a later call can resume after an interruption; if not, a failed call leaves no files.

    Attributes:
        state: the state that the last step recorded; None at the beginning.
        restarted: whether remains of another task were deleted.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        task: Any,  # noqa: ANN401 - any JSON value
        *,
        resume: bool = True,
    ) -> None:
        self.path = path
        self.state: Any = None
        self.restarted = False
        self._columns = columns
        self._task = task
        self._resume = resume
        self._partial = partial_path(path)
        self._notes = self._partial.with_name(self._partial.name + ".json")
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        if not self.path.parent.is_dir():
            raise StopProgram(f"{self.path.parent} is not a directory; make it first")
        try:
            descriptor = os.open(self._partial, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StopProgram(f"{self._partial} cannot be written: {error.strerror}") from error
        file = self._file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise StopProgram(f"{self._partial} is in use; wait for the other run to end") from None
        length, self.state = self._remembered() if self._resume else (0, None)
        self.restarted = self._resume and not length and os.fstat(file.fileno()).st_size > 0
        file.truncate(length)
        file.seek(length)
        if not length:
            self.step([self._columns], None)
        return self

    def step(self, rows: Iterable[Sequence[object]], state: object) -> None:
        """Write some rows and record `state` (a JSON value); after a crash, both are valid or neither is.

        Raises:
            StopProgram: the file cannot be written, for example because the disk is full.
        """
        try:
            self._step(rows, state)
        except OSError as error:
            raise StopProgram(
                f"{self._partial} cannot be written: {error.strerror}; what was done is kept, run it again"
            ) from error

    def _step(self, rows: Iterable[Sequence[object]], state: object) -> None:
        assert self._file is not None, "entered"  # noqa: S101 - how the class is used, not input
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        data = text.getvalue().encode()
        if is_gzipped(self.path):
            data = gzip.compress(data, COMPRESSION, mtime=0)
        self._file.write(data)
        self._file.flush()
        os.fsync(self._file.fileno())
        notes = {"task": self._task, "length": self._file.tell(), "state": state}
        write_whole(self._notes, json.dumps(notes))
        self.state = state

    def beside(self, suffix: str) -> Path:
        """Return the path of an additional file next to the partial file; the caller writes and removes that file."""
        return self._partial.with_name(self._partial.name + suffix)

    def finish(self) -> None:
        """Rename the partial file to its final name."""
        self._partial.replace(self.path)
        self._notes.unlink()

    def discard(self) -> None:
        """Delete the partial file and its `NAME.partial.json`."""
        self._partial.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if kind is not None and not self._resume:
            self.discard()

    def _remembered(self) -> tuple[int, Any]:
        """Return the number of valid bytes of the partial file, and the state after them."""
        try:
            notes = json.loads(self._notes.read_text())
        except (OSError, ValueError):
            return 0, None
        task = json.loads(json.dumps(self._task))
        if notes["task"] != task or self._partial.stat().st_size < notes["length"]:
            return 0, None
        return int(notes["length"]), notes["state"]
