"""When a source is polled next: a pure function, in seconds."""

from __future__ import annotations

JITTER = 0.1
LONGEST_BACK_OFF = 3600.0
SOON_SECONDS = 20.0
SOON_FOR_SECONDS = 120.0
"""For so long after the first failure a source is polled every SOON_SECONDS, so that short outages cost little."""


def next_poll(interval: float, failing_for: float | None, asked: float | None, random: float) -> float:
    """Seconds until a source is polled again.

    Args:
        interval: NEWS_POLL_INTERVAL.
        failing_for: seconds since the first of the failed polls in a row; None after a successful poll. Retries are
            quick at first; later the pause is as long as the source has failed so far, at least the interval and at
            most an hour (or the interval, if that is longer).
        asked: the shortest pause that the server asked for, or None.
        random: a number in [0, 1); the pause grows by up to a tenth, so that sources are not polled in step.
    """
    if failing_for is None:
        pause = interval
    elif failing_for < SOON_FOR_SECONDS:
        pause = min(interval, SOON_SECONDS)
    else:
        pause = max(interval, min(failing_for, LONGEST_BACK_OFF))
    return max(pause, asked or 0.0) * (1 + JITTER * random)
