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
from services.notifier.happening import Happening, Importance, Kind
from services.notifier.message import Message
from services.notifier.notice import Notice
from services.notifier.rules.decide import is_muted
from services.notifier.rules.raised import urgent_key

NO_DIRECTION = 0.05
"""A score that is closer to 0 has no direction."""


def corrections(
    happenings: Iterable[Happening],
    decided: Iterable[Notice],
    told: Callable[[Collection[str]], Iterable[Notice]],
    mutes: Sequence[MuteRow],
    now: datetime,
) -> list[Notice]:
    """The corrections of all stories among what happened.

    Args:
        happenings: what happened.
        decided: the notices that are told of it now. A channel that is told a story as urgent needs no correction of
            what it was told before.
        told: returns the notices with which the events of these keys were told. It is asked only if there are stories.
        mutes: the mutes in force.
        now: the time of the decision.
    """
    stories = {key: each for each in happenings if each.kind is Kind.STORY for key in _keys(each)}
    lasts: dict[tuple[str, str], Notice] = {}
    for notice in sorted(told(stories) if stories else (), key=lambda each: each.importance):
        lasts[stories[notice.event_key].key, notice.channel] = notice
    urgent = {(each.event_key, each.channel) for each in decided if each.importance is Importance.URGENT}
    found = (
        correction_of(last, stories[key], mutes, now)
        for (key, channel), last in lasts.items()
        if last.importance is Importance.URGENT or (key, channel) not in urgent
    )
    return [notice for notice in found if notice is not None]


def _keys(story: Happening) -> tuple[str, str]:
    return story.key, urgent_key(story.key)


def correction_of(
    last: Notice, happening: Happening, mutes: Sequence[MuteRow], now: datetime
) -> Notice | None:
    """The notice that corrects another one; None if that still holds, or the correction is muted.

    Args:
        last: the notice with which a channel was told the story last.
        happening: the story as it is known now.
        mutes: the mutes in force.
        now: the time of the decision.
    """
    if not has_turned(last.scores, happening.scores) or is_muted(happening, last.importance, mutes):
        return None
    return replace(
        last,
        event_key=f"{happening.key}:turned",
        made=now,
        happened=happening.at,
        message=_message(last, happening),
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


def _message(last: Notice, happening: Happening) -> Message:
    scores, *others = happening.message.lines
    title, newest = happening.message.title, harmless(happening.newest)
    lines = (
        f"Now {scores}",
        f"Told as {last.message.lines[0]}",
        *([f"Newest report: {newest}"] if newest != title else []),
        *others,
    )
    return Message(f"No longer as told: {title}", lines, happening.message.links)
