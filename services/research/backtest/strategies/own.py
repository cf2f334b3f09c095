"""Our own strategy and its subclasses, whose rules are named: a variant chooses which of them count."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pandas as pd
from cryptoboy_sentiment import ENTRY_RULES, EXIT_RULES, Rules, SignalSource

from services.research.backtest.plan import Variant
from services.research.backtest.strategies import fired
from services.research.backtest.strategies.counts import Row
from services.research.backtest.strategies.subject import Frames

_SENTIMENT_RULE = "sentiment"


class Parts(NamedTuple):
    """The parts of the strategy that a variant uses.

    Attributes:
        entry_rules: the entry rules, all of which must hold.
        exit_rules: the exit rules, one of which is enough.
    """

    entry_rules: tuple[str, ...]
    exit_rules: tuple[str, ...]


def _without_sentiment(rules: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(rule for rule in rules if rule != _SENTIMENT_RULE)


PARTS = {
    Variant.TECHNICAL: Parts(_without_sentiment(ENTRY_RULES), _without_sentiment(EXIT_RULES)),
    Variant.SENTIMENT: Parts((_SENTIMENT_RULE,), (_SENTIMENT_RULE,)),
    Variant.COMBINED: Parts(ENTRY_RULES, EXIT_RULES),
}


class NamedRules:
    """A `Subject` whose rules are named as those of LLMSentimentStrategy."""

    variants: Mapping[Variant, str] = {
        Variant.TECHNICAL: "The strategy without its sentiment rules: no sentiment for entries, exits or stakes.",
        Variant.SENTIMENT: "The strategy without its technical rules: in on the sentiment entry rule, out on the "
        "sentiment exit rule.",
        Variant.COMBINED: "The whole strategy, as it trades.",
    }
    rules_alone = "the technical rules"
    may_read_news = False
    fields: Collection[str] = ("staleness_hours", "allow_degraded")

    def __init__(self, strategy: Any) -> None:  # noqa: ANN401 - Freqtrade publishes no types
        """Take the strategy that Freqtrade loaded and started."""
        self._strategy = strategy

    @property
    def source(self) -> SignalSource:
        """Where the strategy has its signals from."""
        source: SignalSource = self._strategy._cryptoboy.source  # noqa: SLF001 - the strategy chooses it at its start
        return source

    @source.setter
    def source(self, source: SignalSource) -> None:
        self._strategy._cryptoboy.source = source  # noqa: SLF001 - as above

    @property
    def rules(self) -> Rules:
        """The thresholds of the strategy's rules."""
        rules: Rules = self._strategy.rules()
        return rules

    @property
    def levels(self) -> tuple[float, float]:
        """The scores above and below which a signal is shown as good or bad news."""
        return self.rules.buy_sentiment_above, self.rules.sell_sentiment_below

    @contextmanager
    def trading(self, variant: Variant) -> Iterator[None]:
        """Let only the variant's rules count."""
        before = Parts(self._strategy.entry_rules, self._strategy.exit_rules)
        try:
            self._strategy.entry_rules, self._strategy.exit_rules = PARTS[variant]
            yield
        finally:
            self._strategy.entry_rules, self._strategy.exit_rules = before

    @contextmanager
    def asking(self) -> Iterator[Collection[str]]:
        """Collect nothing, because the news decides by rules alone."""
        yield ()

    def columns(self, pair: str, opens: pd.Series[Any]) -> pd.DataFrame:
        """Compute the columns of `sentiment_columns`."""
        columns: pd.DataFrame = self._strategy.sentiment_columns(pair, opens)
        return columns

    def rules_fired(self, frames: Frames, trades: pd.DataFrame) -> Row:
        """Count how often each rule held."""
        return fired.rules_fired(frames, self.rules, trades)

    def signals_beyond(self, signals: pd.DataFrame, frames: Frames) -> Row:
        """Count the signals beyond the thresholds of the rules, and the candles whose sentiment lies beyond them."""
        return fired.thresholds(signals, frames, self.rules)
