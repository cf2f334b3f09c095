"""Decides what of a happening is told to which channels. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from services.common.history.notifying.rows import MuteKind, MuteRow
from services.notifier.happening import Happening, Importance, Kind
from services.notifier.notice import Notice
from services.notifier.rules.document import importance_of
from services.notifier.rules.rule import Rules, group_of, importance_told, is_about, names_channel, selects

ASKED_FOR = frozenset({Kind.PRICE, Kind.BRIEF, Kind.TEST})
"""The kinds that somebody asked for: no rule is needed, and every channel tells them."""
NEVER_MUTED = ASKED_FOR | {
    Kind.HOLD_SET,
    Kind.HOLD_LIFTED,
    Kind.SERVICE_DOWN,
    Kind.SERVICE_UP,
    Kind.OPERATOR_ALERT,
}
"""The kinds that no mute keeps back: who hears nothing of a pair still has to know that the bot is stopped."""


def decide(
    happening: Happening, rules: Rules, channels: Collection[str], mutes: Sequence[MuteRow], now: datetime
) -> tuple[Notice, ...]:
    """The notices of a happening, at most one for each channel.

    For each channel, the first rule decides that is for the channel and selects the happening. A mute may keep back
    what this rule tells, depending on how important the rule makes it: see `is_muted`.

    Args:
        happening: what happened.
        rules: the rules in force.
        channels: the names of the channels that there are.
        mutes: the mutes in force.
        now: the time of the decision.
    """
    told = ((channel, _rule_for(happening, rules, channel)) for channel in channels)
    notices = (_notice(happening, channel, *found, now=now) for channel, found in told if found is not None)
    return tuple(
        notice
        for notice in notices
        if (
            notice.kind in ASKED_FOR
            or notice.importance >= importance_of(rules.channels[group_of(notice.channel)].importance)
        )
        and not is_muted(happening, notice.importance, mutes)
    )


def is_muted(happening: Happening, importance: Importance, mutes: Sequence[MuteRow]) -> bool:
    """Whether mutes in force keep a happening back.

    A mute of sources says that they are not believed, so it keeps back whatever nobody else tells. A mute of pairs or
    of everything asks for quiet, so what is urgent passes it, as it passes quiet hours.

    Args:
        happening: what happened.
        importance: how important the rule that tells it makes it.
        mutes: the mutes in force.
    """
    if happening.kind in NEVER_MUTED:
        return False
    sources = {mute.value for mute in mutes if mute.what is MuteKind.SOURCE}
    if happening.sources and sources.issuperset(happening.sources):
        return True
    if importance is Importance.URGENT:
        return False
    pairs = [mute.value for mute in mutes if mute.what is MuteKind.PAIR]
    return any(mute.what is MuteKind.ALL for mute in mutes) or (
        bool(happening.pairs)
        and all(any(is_about(muted, pair) for muted in pairs) for pair in happening.pairs)
    )


def _rule_for(happening: Happening, rules: Rules, channel: str) -> tuple[str, Importance] | None:
    """The name of the rule that tells a happening to a channel, and how important it is to it; None: not told."""
    for rule in rules.rules:
        if names_channel(rule.to, channel) and selects(rule, happening):
            return (rule.name, importance_told(rule, happening)) if rule.tell else None
    return (happening.kind.value, happening.importance) if happening.kind in ASKED_FOR else None


def _notice(
    happening: Happening, channel: str, rule: str, importance: Importance, *, now: datetime
) -> Notice:
    return Notice(
        event_key=happening.key,
        channel=channel,
        rule=rule,
        kind=happening.kind,
        importance=importance,
        made=now,
        happened=happening.at,
        message=happening.message,
        pairs=happening.pairs,
        sources=happening.sources,
        story=happening.story,
        article=happening.article,
        trade=happening.trade,
        scores=happening.scores,
        rich=happening.rich,
    )
