"""Decides whether news closes a trade at once instead of at the end of the candle. Pure.

A signal is **urgent** for a trade if it is about the asset, not degraded, trusted (see `trust`), in force, fresh, and

- of one of the kinds in `UrgentRules.kinds` with a score against the trade, or
- **proven** with a score below `UrgentRules.below`: other sources report the same (`corroboration`), or else its
  confidence is above `UrgentRules.confidence_above`. A single score that is neither does not close a trade.

Scores are mirrored for short positions. Urgent news closes a trade unless

- the article was urgent when the entry was decided: the trade was opened in spite of it; or
- it is not of one of these kinds, and later news about the asset says the opposite: that news is proven at least as
  well and its score is at least as far on the other side of zero as `UrgentRules.below`.

A correction of a signal takes its place at once, so a contradicted signal that has lost its corroboration is judged
without it.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from cryptoboy_sentiment.merging import (
    MICROSECOND,
    Booleans,
    Floats,
    Integers,
    arrivals,
)
from cryptoboy_sentiment.news_events import OTHER
from cryptoboy_sentiment.trust import degraded, trusted

if TYPE_CHECKING:
    from cryptoboy_sentiment.settings import Settings

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_FIRST_MONDAY = datetime.fromisoformat("1970-01-05T00:00:00+00:00")
_WEEK = timedelta(weeks=1)
_CORROBORATED, _CONFIDENT, _UNPROVEN = 2, 1, 0


class UrgentRules(NamedTuple):
    """Which news is urgent: scores are those of a long position (-1..+1), confidence is 0..1."""

    below: float
    confidence_above: float
    kinds: frozenset[str]
    staleness: timedelta

    @classmethod
    def of(cls, settings: "Settings", staleness: timedelta) -> "UrgentRules":
        """The rules of the section `cryptoboy` of the configuration."""
        kinds = frozenset(settings.exit_on)
        return cls(settings.exit_below, settings.exit_confidence_above, kinds, staleness)


class Urgent(NamedTuple):
    """The signal that closes a trade."""

    article_id: str
    kind: str
    score: float

    @property
    def tag(self) -> str:
        """The exit reason, such as 'news hack -0.82'.

        It is always the same for one signal, because Freqtrade recognises a repeated exit by its reason.
        """
        kind = "" if self.kind == OTHER else f"{self.kind} "
        return f"news {kind}{self.score:.2f}"


class UrgentNews:
    """Finds urgent news about pairs. What was computed from a pair's frame is kept as long as the frame is the same."""

    def __init__(self, candle: timedelta) -> None:
        """Take the timeframe of the strategy."""
        self._candle = candle
        self._reports: dict[str, tuple[pd.DataFrame, _Reports]] = {}

    def against(
        self,
        pair: str,
        signals: pd.DataFrame,
        now: datetime,
        opened: datetime,
        rules: UrgentRules,
        *,
        is_short: bool = False,
    ) -> Urgent | None:
        """The signal that closes a trade now, or None.

        Args:
            pair: the pair of the trade.
            signals: the pair's signals, a frame like that of `signals_frame`, in any order.
            now: with a time zone. Only signals with an `available_at` strictly before it count. In a backtest this is
                the time at which the (detail) candle opens, at whose opening price the trade is closed.
            opened: when the trade was opened, with a time zone. The entry was decided on what was known at the last
                close of a candle before that, so that later news is new to the trade even if it came before the order.
            rules: what counts as urgent.
            is_short: whether the trade is short.
        """
        known = self._reports.get(pair)
        if known is None or known[0] is not signals:
            known = self._reports[pair] = (signals, _Reports(signals))
        # As Freqtrade and the exchanges count: candles of whole weeks open on a Monday, all others from the epoch on.
        origin = _EPOCH if self._candle % _WEEK else _FIRST_MONDAY
        since = opened - (opened - origin) % self._candle
        return known[1].against(_microseconds(now), _microseconds(since), rules, -1.0 if is_short else 1.0)


class _Reports:
    """The signals of one pair that may be urgent, in the order in which they became available."""

    def __init__(self, signals: pd.DataFrame) -> None:
        line = arrivals(signals)
        corrected = np.append(line.available, np.iinfo(np.int64).max)[line.until]
        of_asset = (signals["scope"] == "asset").to_numpy(dtype=bool)
        chosen = np.flatnonzero((of_asset & trusted(signals) & ~degraded(signals))[line.row])
        row = line.row[chosen]
        self._available, self._corrected = line.available[chosen], corrected[chosen]
        self._published = line.published[chosen]
        self._score, self._confidence, self._corroboration = (
            signals[name].to_numpy(dtype=np.float64)[row] for name in ("score", "confidence", "corroboration")
        )
        self._article, self._kind = (
            signals[name].to_numpy(dtype=object)[row] for name in ("article_id", "event_type")
        )

    def against(self, now: int, since: int, rules: UrgentRules, side: float) -> Urgent | None:
        """See `UrgentNews.against`; times are in microseconds since the epoch, `side` is +1 or -1.

        `since` is the close of the candle on which the entry was decided.
        """
        known = self._in_force(now, rules.staleness)
        forcing = known[self._urgent(known, rules, side)]
        if not len(forcing):
            return None
        before = self._in_force(since, rules.staleness)
        old = set(self._article[before[self._urgent(before, rules, side)]])
        is_new = np.array([article not in old for article in self._article[forcing]])
        forcing = forcing[is_new & ~self._reversed(forcing, known, rules, side)]
        if not len(forcing):
            return None
        named = self._named(forcing, rules)
        order = np.lexsort((-self._published[forcing], side * self._score[forcing], ~named))
        first = forcing[order[0]]
        return Urgent(str(self._article[first]), str(self._kind[first]), float(self._score[first]))

    def _in_force(self, moment: int, staleness: timedelta) -> Integers:
        """The numbers of the signals that are known, not corrected and fresh at the moment."""
        oldest = moment - staleness // MICROSECOND
        # Nothing is published after it is available, so what became available before `oldest` is stale.
        first, last = np.searchsorted(self._available, (oldest, moment))
        numbers = np.arange(first, last)
        in_force = (self._corrected[numbers] >= moment) & (self._published[numbers] >= oldest)
        return np.asarray(numbers[in_force])

    def _named(self, numbers: Integers, rules: UrgentRules) -> Booleans:
        return np.array([kind in rules.kinds for kind in self._kind[numbers]], dtype=bool)

    def _proof(self, numbers: Integers, rules: UrgentRules) -> Integers:
        confident = self._confidence[numbers] > rules.confidence_above
        alone = np.where(confident, _CONFIDENT, _UNPROVEN)
        return np.where(self._corroboration[numbers] >= 1, _CORROBORATED, alone)

    def _urgent(self, numbers: Integers, rules: UrgentRules, side: float) -> Booleans:
        score: Floats = side * self._score[numbers]
        is_proven = self._proof(numbers, rules) > _UNPROVEN
        return (is_proven & (score < rules.below)) | (self._named(numbers, rules) & (score < 0))

    def _reversed(self, numbers: Integers, known: Integers, rules: UrgentRules, side: float) -> Booleans:
        """Which of these urgent signals are reversed by later news among `known`."""
        score: Floats = side * self._score[known]
        opposite = known[(score > 0) & (score >= -rules.below)]
        proof = self._proof(opposite, rules)
        is_later = self._published[opposite] > self._published[numbers, None]
        is_as_proven = (proof > _UNPROVEN) & (proof >= self._proof(numbers, rules)[:, None])
        return (is_later & is_as_proven).any(axis=1) & ~self._named(numbers, rules)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // MICROSECOND


def refuse_without_exit_signals(strategy: Any, setting: str) -> None:  # noqa: ANN401 - Freqtrade publishes no types
    """Refuse a strategy that Freqtrade never asks for an exit, because its trades would not be protected.

    Raises:
        ValueError: `use_exit_signal` is false; the message names it and the setting that needs it.
    """
    if not strategy.use_exit_signal:
        raise ValueError(
            f"{setting}, but use_exit_signal is false: Freqtrade then never asks for an exit by news. Set "
            "use_exit_signal to true, in the strategy or in the configuration, or do without that exit"
        )
