"""Computes when a source is polled next. The function is pure, and all times are in seconds."""

from __future__ import annotations

JITTER = 0.1
LONGEST_BACK_OFF = 3600.0
SOON_SECONDS = 20.0
SOON_FOR_SECONDS = 120.0
"""For this time after a first failure, polls are SOON_SECONDS apart, so that a short outage causes little delay."""


def next_poll(interval: float, failing_for: float | None, asked: float | None, random: float) -> float:
    """Return the seconds until a source is polled again.

    Args:
        interval: the setting NEWS_POLL_INTERVAL.
        failing_for: the seconds since the first of the consecutive failed polls; None after a successful poll.
            Retries are quick at first. Later the pause is as long as the source has failed so far, but at least the
            interval and at most an hour (or the interval, if that is longer).
        asked: the shortest pause that the server asked for, or None.
        random: a number in [0, 1). It makes the pause up to a tenth longer, so that sources are not polled all at
            once.
    """
    if failing_for is None:
        pause = interval
    elif failing_for < SOON_FOR_SECONDS:
        pause = min(interval, SOON_SECONDS)
    else:
        pause = max(interval, min(failing_for, LONGEST_BACK_OFF))
    return max(pause, asked or 0.0) * (1 + JITTER * random)
