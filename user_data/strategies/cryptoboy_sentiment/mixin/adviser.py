"""Answers the mixin's questions about a pair, from the signals of its source and the settings."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from cryptoboy_sentiment.merging import STALENESS
from cryptoboy_sentiment.mixin.advice import COLUMNS, News, Question, prepared
from cryptoboy_sentiment.plain import one_line
from cryptoboy_sentiment.session import Session
from cryptoboy_sentiment.urgent import Urgent, UrgentRules

HOUR = timedelta(hours=1)
BLOCK, LEAVE = "cryptoboy_block_", "cryptoboy_exit_"
"""Columns that say why a side's entries are blocked, or its trades closed. `long` or `short` follows."""


class Answer(NamedTuple):
    """The `Advice` of one moment."""

    block: str
    score: float
    article: str


class Adviser(Session):
    """The session of a strategy with the mixin. `settings` and `source` may be replaced between runs."""

    _ignored = frozenset()

    def __init__(self, config: Mapping[str, Any], timeframe: str, *, can_short: bool) -> None:
        """Open the source of the signals; see `Session`."""
        super().__init__(config, timeframe, oldest=STALENESS)
        self._sides = ("long", "short") if can_short else ("long",)
        self._prepared: dict[str, tuple[pd.DataFrame, str, News]] = {}

    @property
    def staleness(self) -> timedelta:
        """The age from which a signal counts no more."""
        hours = self.settings.staleness_hours
        return STALENESS if hours is None else hours * HOUR

    def columns(self, pair: str, opens: "pd.Series[Any]") -> pd.DataFrame:
        """All columns that the mixin adds to a pair's candles with these opening times: `COLUMNS` and its own."""
        seen = self._question(pair, opens, self.candle, "long").seen()
        own = self._own(pair, opens, seen)
        if not self.source.readable(pair):
            seen = self.news(pair).seen(opens, self.candle, self.staleness, last_unreadable=True)
        return pd.DataFrame({name: seen[name].array for name in COLUMNS} | own, index=opens.index)

    def own_names(self) -> list[str]:
        """The names of the columns `BLOCK` and `LEAVE` of each side, as far as the settings need them."""
        use = {*self.settings.use}
        leaves = "exit" in use and self.settings.sentiment_from == "aggregate"
        wanted = [BLOCK, LEAVE] if leaves else [BLOCK] if use & {"veto", "confirm"} else []
        return [f"{name}{side}" for name in wanted for side in self._sides]

    def own_columns(self, pair: str, opens: "pd.Series[Any]") -> pd.DataFrame:
        """The columns of `own_names`, which are texts."""
        return pd.DataFrame(self._own(pair, opens, None), index=opens.index)

    def _own(self, pair: str, opens: "pd.Series[Any]", seen_by_long: pd.DataFrame | None) -> dict[str, Any]:
        """The arrays of these columns; `seen_by_long` is what `Question.seen` says for long, if it is known."""
        names = self.own_names()
        found: dict[str, Any] = {}
        for side in self._sides if names else ():
            question = self._question(pair, opens, self.candle, side)
            advice = question.answer(seen_by_long if side == "long" else None)
            found |= {f"{BLOCK}{side}": advice.block, f"{LEAVE}{side}": advice.leave}
        return {name: pd.array(found[name], dtype=object) for name in names}

    def at(self, pair: str, moment: datetime, side: str) -> Answer:
        """What the news says that was available before `moment`, which has a time zone."""
        opens = pd.Series([moment]).dt.as_unit("us")
        question = self._question(pair, opens, timedelta(0), side)
        seen = question.seen()
        article = str(seen["sentiment_article_id"].iloc[0])
        return Answer(question.answer(seen).block[0], float(question.for_entry(seen)[0]), article)

    def closes(self, pair: str, now: datetime, opened: datetime, side: str) -> Urgent | None:
        """The news that closes a trade of this side at once, if `use` has `exit`; see `Session.urgent`."""
        if "exit" not in self.settings.use:
            return None
        rules = UrgentRules.of(self.settings, self.staleness)
        return self.urgent(pair, now, opened, rules, is_short=side == "short")

    def article(self, pair: str) -> str:
        """The id of the newest article that is known now, for the log; empty if none is, or it cannot be told."""
        now = datetime.now(UTC)
        return self.safely("naming an article", lambda: one_line(self.at(pair, now, "long").article), "")

    def news(self, pair: str) -> News:
        """The pair's signals as the settings want them."""
        signals, scope = self.source.signals(pair), self.settings.scope
        known = self._prepared.get(pair)
        if known is None or known[0] is not signals or known[1] != scope:
            known = self._prepared[pair] = signals, scope, prepared(signals, scope)
        return known[2]

    def _question(self, pair: str, opens: "pd.Series[Any]", candle: timedelta, side: str) -> Question:
        return Question(self.news(pair), opens, candle, self.staleness, side == "short", self.settings)


def adviser_of(strategy: Any) -> Adviser:  # noqa: ANN401 - Freqtrade publishes no types
    """The adviser that the strategy's start has opened; opened now in a notebook that calls methods without a start.

    Raises:
        ValueError: as in `Session`.
    """
    found: Adviser | None = getattr(strategy, "_cryptoboy", None)
    return found or open_adviser(strategy)


def open_adviser(strategy: Any) -> Adviser:  # noqa: ANN401 - as above
    """Open the adviser of a strategy.

    Raises:
        ValueError: as in `Session`.
    """
    adviser = Adviser(strategy.config, strategy.timeframe, can_short=bool(strategy.can_short))
    strategy._cryptoboy = adviser  # noqa: SLF001 - the mixin's own
    return adviser
