"""How many notices a channel is sent in a minute."""

from __future__ import annotations

_MINUTE = 60.0


class Allowance:
    """Allows `per_minute` notices at once and refills evenly. All instants are those of a monotonic clock."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._most = float(per_minute)
        self._left, self._at = self._most, now

    def take(self, now: float) -> bool:
        """Use up one notice of the allowance, if there is one."""
        self._left = min(self._most, self._left + (now - self._at) * self._most / _MINUTE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
