"""What was told up to the last step of a file in the making, kept beside it."""

from __future__ import annotations

from services.research.history.output import StepwiseCsv
from services.sentiment_analyzer.stories.file import StoryFile
from services.sentiment_analyzer.stories.port import KEPT, StoryMemory
from services.sentiment_analyzer.stories.stories import Stories

SUFFIX = ".stories"


class StorySteps:
    """Stories in memory, so that an archive is read quickly; on disk after each step, so that it can be gone on with.

    Args:
        file: the file in the making.
        mark: what `save` returned at its last step; 0 at the beginning.
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
            rows = self._file.after(0)
        self._memory = StoryMemory(rows, mark)
        self._mark = mark
        self.stories = Stories(self._memory, most_scored=most_scored)

    def save(self) -> int:
        """Keep what was told since; returns how far it has come."""
        if new := self._memory.after(self._mark):
            with self._file.changing():
                self._file.keep(new)
            self._mark = new[-1].number
            self._memory.forget_before(max(row.published for row in new) - KEPT)
        return self._mark

    def close(self) -> None:
        """Close what is kept beside the file."""
        self._file.close()


def remove(file: StepwiseCsv) -> None:
    """Remove what is kept beside the file."""
    for suffix in ("", "-wal", "-shm"):
        file.beside(SUFFIX + suffix).unlink(missing_ok=True)
