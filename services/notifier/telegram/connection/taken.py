"""Remembers on disk which updates were taken, so that no command is carried out twice by a notifier that was killed.

Telegram sends an update again until the next request for updates confirms it. The numbers of the last answer are
written before anything in it is carried out: whatever happens then, it is carried out at most once.

The numbers are not compared by size, because Telegram begins with any number again after a week without updates.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import structlog

from services.common.files import read_small, write_whole

log = structlog.get_logger(__name__)

_PRIVATE = 0o600


class Taken:
    """The numbers of the updates of the last answer.

    Args:
        file: where they are kept.
        bot: the number of the bot; another one's updates have other numbers.
    """

    def __init__(self, file: Path, bot: int) -> None:
        self._file, self._bot = file, bot
        self._last = frozenset(self._read())

    def new_of(self, updates: Sequence[int]) -> frozenset[int]:
        """Those of these updates that were not taken yet. From now on they count as taken, also after a crash."""
        new = frozenset(updates) - self._last
        if new:
            self._last = frozenset(updates)
            self._write()
        return new

    def _read(self) -> list[int]:
        try:
            kept = json.loads(read_small(self._file))
            return [int(each) for each in kept["taken"]] if kept["bot"] == self._bot else []
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("telegram_updates_unreadable", file=str(self._file), error=str(error))
            return []

    def _write(self) -> None:
        text = json.dumps({"bot": self._bot, "taken": sorted(self._last)})
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, text, mode=_PRIVATE)
        except OSError as error:  # they are answered all the same; only a crash now would repeat them
            log.warning("telegram_updates_not_kept", file=str(self._file), error=str(error))
