"""Finds rules that can never tell anything: the reasons, each with the place in the file. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from services.notifier.happening import Kind
from services.notifier.rules.document import ChannelTable, RuleTable, WatchTable, importance_of
from services.notifier.rules.lines import Path
from services.notifier.rules.rule import group_of, is_about

OF_NEWS = frozenset({Kind.STORY})
OF_SCORES = frozenset({Kind.STORY, Kind.MOOD})
OF_PAIRS = frozenset(
    {Kind.STORY, Kind.MOOD, Kind.STAND_ASIDE, Kind.ENTRY, Kind.EXIT, Kind.PROFIT, Kind.LOSS, Kind.PRICE}
)
OF_SOURCES = frozenset({Kind.STORY, Kind.SOURCE_SILENT, Kind.SOURCE_BACK})
OF_KINDS_OF_NEWS = frozenset({Kind.STORY, Kind.STAND_ASIDE})
OF_CHANGES = frozenset({Kind.EXIT, Kind.PROFIT, Kind.LOSS})
OF_TRADES = frozenset({Kind.ENTRY, Kind.EXIT, Kind.PROFIT, Kind.LOSS})
URGENT = frozenset({Kind.STORY, Kind.EXIT, Kind.LOSS, Kind.HOLD_SET, Kind.SERVICE_DOWN, Kind.OPERATOR_ALERT})
"""The kinds of which some are urgent."""
_LEAST = {"info": frozenset(Kind), "notable": frozenset(Kind) - {Kind.DEAD_LETTER}, "urgent": URGENT}
_WITHOUT_RULES = frozenset({Kind.DIGEST, Kind.TEST})
_HAVE = {
    "pairs": OF_PAIRS,
    "sources": OF_SOURCES,
    "event_types": OF_KINDS_OF_NEWS,
    "score_from": OF_SCORES,
    "score_to": OF_SCORES,
    "strength": OF_SCORES,
    "corroboration": OF_NEWS,
    "change": OF_CHANGES,
}
"""The kinds of happenings that have the value that a key of a rule asks for."""


class Fault(NamedTuple):
    """A fault in a file of rules: where it is, and why it is one."""

    where: Path
    why: str


def never_fire(
    rules: Sequence[RuleTable],
    channels: dict[str, ChannelTable],
    watch: WatchTable,
    scored: Collection[str],
) -> Iterator[Fault]:
    """The rules that select nothing, whatever happens.

    Args:
        rules: the rules of the file, in its order.
        channels: all channels that there are, by the name of their group.
        watch: from where on something counts as having happened.
        scored: the pairs and assets that are scored.
    """
    for number, rule in enumerate(rules):
        where: Path = ("rules", number)
        yield from _of_keys(rule, where)
        yield from _of_values(rule, where, watch, scored)
        yield from _of_channels(rule, where, channels)
        if earlier := next((each for each in rules[:number] if _covers(each, rule)), None):
            yield Fault(where, f"the rule {earlier.name!r} before it selects all that it selects")


def _of_keys(rule: RuleTable, where: Path) -> Iterator[Fault]:
    if told := [kind for kind in rule.kinds if kind in _WITHOUT_RULES]:
        yield Fault((*where, "kinds"), f"{', '.join(told)} is not told by rules")
    asked = {key: having for key, having in _HAVE.items() if getattr(rule, key) not in ((), None)}
    if rule.least is not None:
        asked["least"] = _LEAST[rule.least]
    lacking = [(key, having) for key, having in asked.items() if rule.kinds and having.isdisjoint(rule.kinds)]
    for key, having in lacking:
        kinds = ", ".join(rule.kinds)
        why = f"is never {rule.least}" if key == "least" else f"has no {key}"
        yield Fault(
            (*where, key),
            f"{kinds} {why}; {', '.join(sorted(having))} {'may be' if key == 'least' else 'has'}",
        )
    if not lacking and not frozenset(rule.kinds or Kind).intersection(*asked.values()):
        yield Fault(where, f"no kind{' of these' if rule.kinds else ''} has all of {', '.join(asked)}")


def _of_values(rule: RuleTable, where: Path, watch: WatchTable, scored: Collection[str]) -> Iterator[Fault]:
    if rule.score_from is not None and rule.score_to is not None and rule.score_from > rule.score_to:
        yield Fault((*where, "score_from"), f"no score is from {rule.score_from:g} to {rule.score_to:g}")
    if rule.strength is not None and not _has_strength(rule):
        yield Fault((*where, "strength"), "no score between score_from and score_to is as strong")
    is_of_trades = bool(rule.kinds) and OF_TRADES.issuperset(
        rule.kinds
    )  # which Freqtrade may open of any pair
    if (
        rule.pairs
        and not is_of_trades
        and not any(is_about(name, each) for name in rule.pairs for each in scored)
    ):
        yield Fault(
            (*where, "pairs"), f"TRADING_PAIRS has none of {', '.join(rule.pairs)}, only {', '.join(scored)}"
        )
    steps = {Kind.PROFIT: watch.profit_steps, Kind.LOSS: watch.loss_steps}
    if rule.change is not None and rule.kinds and set(rule.kinds) <= steps.keys():
        largest = max((step for kind in rule.kinds for step in steps[kind]), default=0)
        if rule.change > largest:
            yield Fault((*where, "change"), f"the largest step of [watch] is {largest:g}")


def _has_strength(rule: RuleTable) -> bool:
    low = -1 if rule.score_from is None else rule.score_from
    high = 1 if rule.score_to is None else rule.score_to
    return max(abs(low), abs(high)) >= (rule.strength or 0)


def _of_channels(rule: RuleTable, where: Path, channels: dict[str, ChannelTable]) -> Iterator[Fault]:
    for name in rule.to:
        if group_of(name) not in channels:
            there = ", ".join(sorted(channels)) or "none"
            yield Fault((*where, "to"), f"there is no channel {name}; there is {there}")
    given = [channels[group_of(name)] for name in rule.to if group_of(name) in channels]
    if (
        rule.tell
        and rule.importance is not None
        and given
        and all(importance_of(each.importance) > importance_of(rule.importance) for each in given)
    ):
        yield Fault(
            (*where, "importance"), f"{', '.join(rule.to)} is told nothing that is only {rule.importance}"
        )


def _covers(earlier: RuleTable, later: RuleTable) -> bool:
    """Whether a rule selects all that another one selects, for all channels of the other."""
    lists = (
        set(getattr(earlier, key)) >= set(getattr(later, key)) and bool(getattr(later, key))
        if getattr(earlier, key)
        else True
        for key in ("kinds", "pairs", "sources", "event_types", "to")
    )
    least = (
        getattr(earlier, key) is None
        or (getattr(later, key) is not None and getattr(later, key) >= getattr(earlier, key))
        for key in ("score_from", "strength", "corroboration", "change")
    )
    most = earlier.score_to is None or (later.score_to is not None and later.score_to <= earlier.score_to)
    important = earlier.least is None or (
        later.least is not None and importance_of(later.least) >= importance_of(earlier.least)
    )
    return all(lists) and all(least) and most and important
