"""Which stores this installation has seen, and in which states their holds were: a file in STATE_DIR."""

from __future__ import annotations

import json
from pathlib import Path

from services.common.files import write_whole

FILE_NAME = "stores.json"
_MOST_STATES = 200
"""Of one store. A backup that is put back holds one of them, unless more changes of holds were made since."""


class SeenStores:
    """By the store's address the ids of its holds, the oldest first.

    Where the file cannot be used it remembers for as long as the process runs. Several cachers may share it.

    Attributes:
        problem: why nothing lasts, empty if all is well. What could not be written is written by the next `note`.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        self._states: dict[str, list[str]] = {}
        self._is_unreadable = False
        self.problem = ""
        try:
            found = json.loads(self._file.read_text())
            self._states = {str(place): [str(id_) for id_ in ids] for place, ids in found.items()}
        except FileNotFoundError:
            self._save()  # shows in `problem` whether it can be written, before holds are begun on a store
        except (OSError, ValueError, AttributeError, TypeError) as error:
            self._is_unreadable = True
            self.problem = f"{self._file} cannot be read: {error}"

    def of(self, place: str) -> list[str]:
        """The ids seen at this address; empty: never seen."""
        return list(self._states.get(place, ()))

    def note(self, place: str, id_: str) -> None:
        """Make this the last of them."""
        ids = [known for known in self._states.get(place, ()) if known != id_]
        self._states[place] = [*ids, id_][-_MOST_STATES:]
        self._save()

    def _save(self) -> None:
        if self._is_unreadable:
            return  # what could not be read is not replaced
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, json.dumps(self._states))
        except OSError as error:
            self.problem = f"{self._file} cannot be written: {error}"
        else:
            self.problem = ""
