"""The rules in force, ready to decide with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.common.values import asset_of, is_pair
from services.notifier.happening import Happening, Importance, Said
from services.notifier.rules.document import ChannelTable, RuleTable, WatchTable, importance_of


@dataclass(frozen=True, slots=True)
class Rules:
    """What a file of rules and its preset say together.

    Attributes:
        rules: the rules of the file, then those of its preset; the first that selects a happening decides.
        channels: how much each channel is told; all channels that there are.
        timezone, quiet_hours: those of channels that have none of their own.
    """

    rules: tuple[RuleTable, ...]
    channels: Mapping[str, ChannelTable]
    watch: WatchTable = field(default_factory=WatchTable)
    timezone: str = "UTC"
    quiet_hours: str | None = None


def group_of(channel: str) -> str:
    """The name by which rules name a channel: `telegram` for each chat of Telegram."""
    return channel.partition(":")[0]


def names_channel(named: tuple[str, ...], channel: str) -> bool:
    """Whether a rule for these channels is one for this channel."""
    return not named or channel in named or group_of(channel) in named


def selects(rule: RuleTable, happening: Happening) -> bool:
    """Whether all that a rule says holds for a happening."""
    return (
        (not rule.kinds or happening.kind in rule.kinds)
        and any(_fits(rule, each) for each in happening.said())
        and (not rule.sources or not set(rule.sources).isdisjoint(happening.sources))
        and (rule.corroboration is None or happening.corroboration >= rule.corroboration)
        and (rule.change is None or (happening.change is not None and abs(happening.change) >= rule.change))
        and (rule.least is None or happening.importance >= importance_of(rule.least))
    )


def importance_told(rule: RuleTable, happening: Happening) -> Importance:
    """How important a happening is to those whom this rule tells it."""
    return happening.importance if rule.importance is None else importance_of(rule.importance)


def _fits(rule: RuleTable, said: Said) -> bool:
    """Whether the pairs, kinds of news and scores of a rule hold for what is said about one pair."""
    return (
        (not rule.pairs or any(is_about(name, said.pair) for name in rule.pairs))
        and (not rule.event_types or said.event_type in rule.event_types)
        and _score_fits(rule, said.score)
    )


def _score_fits(rule: RuleTable, score: float | None) -> bool:
    if score is None:
        return rule.score_from is None and rule.score_to is None and rule.strength is None
    return (
        (rule.score_from is None or score >= rule.score_from)
        and (rule.score_to is None or score <= rule.score_to)
        and (rule.strength is None or abs(score) >= rule.strength)
    )


def is_about(name: str, pair: str) -> bool:
    """Whether what is said of `pair` is about `name`; each is a pair or an asset, and an asset is all its pairs."""
    return name == pair or (asset_of(name) == asset_of(pair) and not (is_pair(name) and is_pair(pair)))
