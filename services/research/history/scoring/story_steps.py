"""The stories up to the last step of a file that is being written, stored beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.research.history.output import StepwiseCsv
from services.sentiment_analyzer.stories.file import StoryFile
from services.sentiment_analyzer.stories.stories import Stories

SUFFIX = ".stories"


class StorySteps:
    """Stories in a file that changes once in a step, so that an archive is read quickly and can be gone on with.

    Args:
        file: the file in the making.
        mark: `last_number` after its last step; 0 at the beginning.
        most_scored: as `Stories` takes it.

    Attributes:
        stories: what was told, in the order of the archive.

    Raises:
        StopProgram: what is kept beside the file cannot be used. From any method.
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
        """Articles that are added within it are stored in one transaction."""
        with self._file.changing():
            yield
            self._file.forget_old()
            self.last_number = self._file.last_number()

    def close(self) -> None:
        """Close the file of stories."""
        self._file.close()


def remove(file: StepwiseCsv) -> None:
    """Remove the file of stories."""
    for suffix in ("", "-wal", "-shm"):
        file.beside(SUFFIX + suffix).unlink(missing_ok=True)
