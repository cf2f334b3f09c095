"""Keeps Telegram's limits: one message a second to a chat, 20 a minute to a group, 30 a second in all.

The times are seconds of a monotonic clock, so that a step of the wall clock changes nothing.
"""

from __future__ import annotations

from collections import deque

CHAT_SECONDS = 1.0
GROUP_SECONDS = 3.0
IN_ALL, IN_ALL_SECONDS = 30, 1.0


class Limits:
    """Decides when the next message may be sent. Not for several threads, and for one message of a chat at a time.

    A message takes its turn in its chat first, and when that has come, its turn among all messages, so that a chat with
    many messages delays no other.
    """

    def __init__(self) -> None:
        self._next: dict[int, float] = {}  # by chat
        self._last: deque[float] = deque(maxlen=IN_ALL)
        self._not_before: dict[int, float] = {}  # by chat

    def turn_in_chat(self, chat: int, now: float) -> float:
        """The seconds until this chat may get its next message."""
        return max(0.0, self._next.get(chat, 0.0) - now)

    def was_sent(self, chat: int, now: float) -> None:
        """A message to this chat was answered for, so Telegram has counted it by now."""
        self._next[chat] = now + (GROUP_SECONDS if chat < 0 else CHAT_SECONDS)

    def turn_in_all(self, now: float) -> float:
        """Take the next turn among all messages, and return the seconds until then."""
        at = max(now, self._last[0] + IN_ALL_SECONDS) if len(self._last) == IN_ALL else now
        self._last.append(at)
        return at - now

    def hold_back(self, chat: int, seconds: float, now: float) -> None:
        """Send nothing to this chat for so many seconds, as Telegram asked with status 429. Others have their own."""
        self._not_before[chat] = max(self._not_before.get(chat, 0.0), now + seconds)

    def held_back(self, chat: int, now: float) -> float:
        """The seconds for which this chat may get nothing, because Telegram asked for it; 0 if it did not."""
        return max(0.0, self._not_before.get(chat, 0.0) - now)
