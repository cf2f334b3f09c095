"""A record in STATE_DIR of the stores that this installation has used, and of the states of their holds."""

from __future__ import annotations

import json
from pathlib import Path

from services.common.files import write_whole

FILE_NAME = "stores.json"
_MOST_STATES = 200
"""Ids kept for each store. A backup that is older than so many changes of its holds is not recognised."""


class SeenStores:
    """The ids of the holds of each store, by its address, the oldest first. Several cachers may share the file.

    If the file cannot be used, the record lasts as long as the process.

    Attributes:
        problem: why the file cannot be used; empty if it can. The next `note` writes what could not be written.
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
            self._save()  # sets `problem` if the file cannot be written, before holds are begun in a store
        except (OSError, ValueError, AttributeError, TypeError) as error:
            self._is_unreadable = True
            self.problem = f"{self._file} cannot be read: {error}"

    def of(self, place: str) -> list[str]:
        """The ids seen at this address; empty: never seen."""
        return list(self._states.get(place, ()))

    def note(self, place: str, id_: str) -> None:
        """Record an id as the newest of this store."""
        ids = [known for known in self._states.get(place, ()) if known != id_]
        self._states[place] = [*ids, id_][-_MOST_STATES:]
        self._save()

    def _save(self) -> None:
        if self._is_unreadable:
            return  # a file that could not be read is not replaced
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, json.dumps(self._states))
        except OSError as error:
            self.problem = f"{self._file} cannot be written: {error}"
        else:
            self.problem = ""
