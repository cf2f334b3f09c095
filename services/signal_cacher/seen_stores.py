"""Records in STATE_DIR which stores this installation has used, and which states their holds have had."""

from __future__ import annotations

import json
from pathlib import Path

from services.common.files import write_whole

FILE_NAME = "stores.json"
_MOST_STATES = 200
"""The number of ids that are kept for each store. A restored backup is not recognised if the holds of the store have
changed more often than this since the backup was made."""


class SeenStores:
    """Records, by the address of each store, the ids that were seen on the holds of that store, the oldest first.

    Several cachers may share the file. If the file cannot be used, the record lasts only as long as the process.

    Attributes:
        problem: why the file cannot be used; empty if the file can be used. Ids that could not be written stay in
            memory, and the next call of `note` writes them.
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
        """Return the ids that were seen at this address; empty if the address was never seen."""
        return list(self._states.get(place, ()))

    def note(self, place: str, id_: str) -> None:
        """Record an id as the newest id of this store."""
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
