"""Which bot the recorder reads trades from, as a position of the history.

A new database of Freqtrade and a new name of the bot both make another bot (see `Bot.name` of the recorder). Nobody
sees the trades of the earlier one any more, and those that were open stay open in the history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

POSITION = "followed_bot"
"""The name of the position."""


@dataclass(frozen=True, slots=True)
class FollowedBot:
    """The bot that is followed. `since` is when the recorder saw it for the first time after another one."""

    name: str
    since: datetime

    def written(self) -> str:
        """The position."""
        return f"{self.since.isoformat()} {self.name}"

    @classmethod
    def read(cls, position: str | None) -> Self | None:
        """The bot of a position; None without a position. Raises ValueError if it is not that of a bot."""
        if position is None:
            return None
        since, _, name = position.partition(" ")
        return cls(name, datetime.fromisoformat(since))
