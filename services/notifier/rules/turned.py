"""Corrects what was told about a story whose score has another direction now, as after a denial or a correction.

Whoever was told the story is told once more, whatever the rules say of the new score, because what they know does not
hold any more. If the direction changes again, nothing is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from services.common.history.notifying.rows import MuteRow
from services.common.text.harmless import harmless
from services.common.values import CLEAR
from services.notifier.happening import Happening, Kind
from services.notifier.message import Message
from services.notifier.notice import Notice
from services.notifier.rules.decide import is_muted

NO_DIRECTION = 0.05
"""A score that is closer to 0 has no direction."""


def corrections(
    happenings: Iterable[Happening],
    told: Callable[[Collection[str]], Iterable[Notice]],
    mutes: Sequence[MuteRow],
    now: datetime,
) -> list[Notice]:
    """The corrections of all stories among what happened.

    Args:
        happenings: what happened.
        told: returns the notices with which the events of these keys were told. It is asked only if there are stories.
        mutes: the mutes in force.
        now: the time of the decision.
    """
    stories = {each.key: each for each in happenings if each.kind is Kind.STORY}
    firsts = told(stories) if stories else ()
    found = (correction_of(first, stories[first.event_key], mutes, now) for first in firsts)
    return [notice for notice in found if notice is not None]


def correction_of(
    first: Notice, happening: Happening, mutes: Sequence[MuteRow], now: datetime
) -> Notice | None:
    """The notice that corrects another one; None if that still holds, or the correction is muted.

    Args:
        first: the notice with which a channel was told the story.
        happening: the story as it is known now.
        mutes: the mutes in force.
        now: the time of the decision.
    """
    if not has_turned(first.scores, happening.scores) or is_muted(happening, first.importance, mutes):
        return None
    return replace(
        first,
        event_key=f"{first.event_key}:turned",
        made=now,
        happened=happening.at,
        message=_message(first, happening),
        pairs=happening.pairs,
        sources=happening.sources,
        scores=happening.scores,
    )


def has_turned(told: Iterable[tuple[str, float]], known: Iterable[tuple[str, float]]) -> bool:
    """Whether a pair that was told as bullish or bearish now has the other direction, or none."""
    now = dict(known)
    return any(
        abs(score) >= CLEAR and pair in now and now[pair] * (1 if score > 0 else -1) < NO_DIRECTION
        for pair, score in told
    )


def _message(first: Notice, happening: Happening) -> Message:
    scores, *others = happening.message.lines
    title, newest = happening.message.title, harmless(happening.newest)
    lines = (
        f"Now {scores}",
        f"Told as {first.message.lines[0]}",
        *([f"Newest report: {newest}"] if newest != title else []),
        *others,
    )
    return Message(f"No longer as told: {title}", lines, happening.message.links)
