"""How long to wait before another attempt, when attempts go on for ever."""

from __future__ import annotations

import random


class Backoff:
    """Pauses in seconds that double from `first` to `longest`, each jittered down to as little as half."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._pause = first

    def next_pause(self) -> float:
        """The pause after one more failure."""
        pause, self._pause = self._pause, min(self._pause * 2, self._longest)
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked."""
        self._pause = self._first
