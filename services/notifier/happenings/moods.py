"""The mood of a pair: its aggregate crosses a threshold, with hysteresis."""

from __future__ import annotations

from datetime import datetime

from services.notifier.happening import Happening, Kind
from services.notifier.wording.market import about_mood


def mood_after(before: int, score: float, threshold: float, hysteresis: float) -> int:
    """The mood (-1, 0 or +1) that follows `before` at an aggregate of `score`.

    A mood begins at the threshold, and ends where the score has come back behind it by the hysteresis.
    """
    if score >= threshold:
        return 1
    if score <= -threshold:
        return -1
    if before == 1 and score > threshold - hysteresis:
        return 1
    if before == -1 and score < hysteresis - threshold:
        return -1
    return 0


def mood_happening(
    pair: str, mood: int, *, before: float | None, now: float, signals: int, at: datetime
) -> Happening:
    """The mood of a pair that changed to `mood`; `before` and `now` are aggregates."""
    name = {1: "bullish", 0: "neutral", -1: "bearish"}[mood]
    return Happening(
        key=f"mood:{pair}:{name}:{at.isoformat()}",
        kind=Kind.MOOD,
        at=at,
        message=about_mood(pair, before, now, signals, at),
        pairs=(pair,),
        score=now,
    )
