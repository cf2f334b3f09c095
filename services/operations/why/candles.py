"""Reads what the bot saw and decided at a candle from the row of its analysed dataframe."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.common.history.port import HistoryReader
from services.common.history.rows import AnalysedRow
from services.common.values import timeframe_seconds
from services.operations.answer import Answer

RULES_COLUMN = "entry_rules"
"""The column in which LLMSentimentStrategy says which entry rules are true: '+trend -rsi'."""
BLOCKED = "news blocks: "
"""The beginning of the tag that SentimentMixin gives to an entry that the news blocks."""
CANDLES_BACK = 3
"""The number of candles within which the bot must have analysed one for a question about a moment."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleState(Answer):
    """An entry rule at a candle: whether it is true, and the values that it compares, as a text."""

    name: str
    held: bool
    values: str


@dataclass(frozen=True, slots=True)
class Candle(Answer):
    """What the bot saw and decided at the close of a candle.

    Attributes:
        opened, closes: the decision is made at `closes`.
        entered: the side that the strategy asked to enter, long or short; empty if it asked for none.
        rules: the entry rules; empty for a strategy that does not record them.
        sentiment, aggregate: -1..+1; None if there was no sentiment.
        status: fresh, or why there was no sentiment; empty if the strategy does not use the news.
        article_id: the newest article that was known; empty if it is not recorded.
        tag: the tag of the entry, or why the news blocked it.
        exits: whether the strategy asked for an exit.
        exit_tag: why it did.
    """

    pair: str
    timeframe: str
    opened: datetime
    closes: datetime
    close: float | None
    entered: str
    rules: tuple[RuleState, ...]
    sentiment: float | None
    aggregate: float | None
    status: str
    age_hours: float | None
    article_id: str
    tag: str
    exits: bool
    exit_tag: str

    @property
    def length(self) -> timedelta:
        """The time from its opening to its close."""
        return self.closes - self.opened

    @property
    def asks_for_entry(self) -> bool:
        """Whether the strategy asked for an entry, or all rules of an entry are true."""
        return bool(self.entered) or (bool(self.rules) and not self.missing)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the rules that are not true."""
        return tuple(rule.name for rule in self.rules if not rule.held)

    @property
    def blocked(self) -> str:
        """Why the news blocked an entry that the strategy asked for; empty if it did not."""
        return self.tag.removeprefix(BLOCKED) if self.tag.startswith(BLOCKED) else ""


def candle_at(history: HistoryReader, pair: str, moment: datetime) -> Candle | None:
    """The last candle that the bot had analysed at a moment; None if it was not looking at the pair then."""
    for row in history.analysed(pair, until=moment, limit=CANDLES_BACK).rows:
        candle = candle_of(row)
        if candle.closes <= moment < candle.closes + CANDLES_BACK * candle.length:
            return candle
    return None


def candle_of_entry(history: HistoryReader, pair: str, opened: datetime) -> Candle | None:
    """The candle on which the bot decided to open a trade; None if it was not looking at the pair then.

    An order may be filled when the next candles are closed, so it is the last one that asked for an entry.
    """
    recent = _recent(history, pair, opened)
    return next((candle for candle in recent if candle.asks_for_entry), recent[0] if recent else None)


def candle_of_exit(history: HistoryReader, pair: str, closed: datetime, reason: str) -> Candle | None:
    """The candle on which the bot decided to close a trade; None if no candle asked for it.

    The exit reason of a trade that a candle closed is that candle's tag.
    """
    return next(
        (each for each in _recent(history, pair, closed) if each.exits and each.exit_tag == reason), None
    )


def _recent(history: HistoryReader, pair: str, moment: datetime) -> list[Candle]:
    """The last candles that the bot had analysed at a moment, newest first; none if it was not looking at the pair."""
    last = candle_at(history, pair, moment)
    if last is None:
        return []
    rows = history.analysed(pair, last.timeframe, until=last.closes, limit=CANDLES_BACK).rows
    found = map(candle_of, rows)
    return [each for each in found if last.opened - each.opened < CANDLES_BACK * last.length]


def newest_candle(history: HistoryReader, pair: str) -> Candle | None:
    """The last candle that the bot has analysed."""
    rows = history.analysed(pair, limit=1).rows
    return candle_of(rows[0]) if rows else None


def candle_of(row: AnalysedRow) -> Candle:
    """What a row of the analysed dataframe says."""
    values = row.values
    return Candle(
        pair=row.pair,
        timeframe=row.timeframe,
        opened=row.opened,
        closes=row.opened + timedelta(seconds=timeframe_seconds(row.timeframe)),
        close=number(values, "close"),
        entered=next((side for side in ("long", "short") if number(values, f"enter_{side}") == 1), ""),
        rules=_rules(values),
        sentiment=number(values, "sentiment"),
        aggregate=number(values, "sentiment_aggregate"),
        status=text(values, "sentiment_status"),
        age_hours=number(values, "sentiment_age_hours"),
        article_id=text(values, "sentiment_article_id"),
        tag=text(values, "enter_tag"),
        exits=any(number(values, f"exit_{side}") == 1 for side in ("long", "short")),
        exit_tag=text(values, "exit_tag"),
    )


def number(values: Values, name: str) -> float | None:
    """A number of the row; None if it is missing or no number."""
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def text(values: Values, name: str) -> str:
    """A text of the row; empty if it is missing or no text."""
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _rules(values: Values) -> tuple[RuleState, ...]:
    found = []
    for signed in text(values, RULES_COLUMN).split():
        name = signed[1:]
        shown = _SHOWN.get(name)
        found.append(RuleState(name, signed[0] == "+", shown(values) if shown else ""))
    return tuple(found)


def _pair_of(first: str, second: str, names: str) -> Callable[[Values], str]:
    def shown(values: Values) -> str:
        left, right = number(values, first), number(values, second)
        return names.format(_short(left), _short(right))

    return shown


def _sentiment(values: Values) -> str:
    parts = [
        f"{name} {value:+.2f}"
        for name, column in (("newest", "sentiment_for_entry"), ("aggregate", "sentiment_aggregate"))
        if (value := number(values, column)) is not None
    ]
    return ", ".join([*parts, *filter(None, [text(values, "sentiment_status")])])


def _short(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


_SHOWN: Mapping[str, Callable[[Values], str]] = {
    "trend": _pair_of("ema_short", "ema_long", "short EMA {}, long EMA {}"),
    "rsi": lambda values: f"RSI {_short(number(values, 'rsi'))}",
    "macd_cross": _pair_of("macd", "macd_signal", "MACD {}, its signal {}"),
    "volume": _pair_of("volume", "volume_mean", "volume {}, its mean {}"),
    "below_band": _pair_of("close", "bollinger_upper", "close {}, upper band {}"),
    "sentiment": _sentiment,
}
"""What is shown of the values that a rule of LLMSentimentStrategy compares."""
