"""Stores the stories up to the last step of a CSV file that is being written, in a file next to that CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.research.history.output import StepwiseCsv
from services.sentiment_analyzer.stories.file import StoryFile
from services.sentiment_analyzer.stories.stories import Stories

SUFFIX = ".stories"


class StorySteps:
    """The stories in a file that changes once per step, so that reading an archive is fast and can be resumed.

    Args:
        file: the CSV file that is being written.
        mark: the value of `last_number` after the last step of `file`; 0 at the beginning.
        most_scored: the parameter of the same name of `Stories`.

    Attributes:
        stories: the stories told so far, in the order of the archive.

    Raises:
        StopProgram: any method raises it if the file of stories cannot be used.
    """

    def __init__(self, file: StepwiseCsv, mark: int, most_scored: int) -> None:
        if not mark:
            remove(file)
        self._file = StoryFile(file.beside(SUFFIX))
        with self._file.changing():
            self._file.forget_after(mark)
        self.last_number = mark
        self.stories = Stories(self._file, most_scored=most_scored)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Store, in one transaction, the articles that are added to the stories in this context."""
        with self._file.changing():
            yield
            self._file.forget_old()
            self.last_number = self._file.last_number()

    def close(self) -> None:
        """Close the file of stories."""
        self._file.close()


def remove(file: StepwiseCsv) -> None:
    """Remove the file of stories next to `file`."""
    for suffix in ("", "-wal", "-shm"):
        file.beside(SUFFIX + suffix).unlink(missing_ok=True)
