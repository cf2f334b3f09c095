"""Computes the strategy's sentiment from signals, and whether the sentiment allows an entry or demands an exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from services.common.messages import SentimentSignal
from services.research.history.scoring.signal_rows import COLUMNS, signal_rows

if TYPE_CHECKING:
    import pandas as pd

CANDLE = timedelta(minutes=15)
_DELAY = timedelta(seconds=1)


class Decision(NamedTuple):
    """The decision at a candle, by the newest signal and by the aggregate.

    Attributes:
        sentiments: the newest and the aggregate sentiment, -1..+1; NaN means that there is no sentiment.
        entries: the values of `SENTIMENT_FROM` with which sentiment allows an entry.
        exits: the values of `SENTIMENT_FROM` with which sentiment demands an exit.
    """

    sentiments: tuple[float, float]
    entries: tuple[str, ...]
    exits: tuple[str, ...]


def decide(signals: Sequence[tuple[datetime, SentimentSignal]], pair: str, moment: datetime) -> Decision:
    """Return the decision that the strategy's default parameters make.

    Args:
        signals: the signals, each with the time at which the signal itself, not its article, was published.
        pair: the pair of the candle.
        moment: the time at which the candle closes.
    """
    import cryptoboy_sentiment as news  # the import takes seconds
    import pandas as pd

    rows = [
        news.parse_signal(dict(zip(COLUMNS, map(str, row), strict=True)))
        for known_at, signal in signals
        if signal.pair == pair
        for row in signal_rows([signal], known_at - _DELAY, _DELAY)
    ]
    frame = news.signals_frame(rows)
    opens = pd.Series([moment + _DELAY - CANDLE], dtype="datetime64[us, UTC]")
    known = pd.concat(
        [news.as_of(frame, opens, CANDLE), news.aggregate_as_of(frame, opens, CANDLE), _indicators()], axis=1
    )
    entries, exits = [], []
    for source in news.SENTIMENT_FROM:
        rules = replace(news.Rules(), buy_sentiment_from=source, sell_sentiment_from=source)
        if bool(news.entry_conditions(known, rules)["sentiment"].iloc[0]):
            entries.append(source)
        if bool(news.exit_conditions(known, rules)["sentiment"].iloc[0]):
            exits.append(source)
    sentiments = float(known["sentiment"].iloc[0]), float(known["sentiment_aggregate"].iloc[0])
    return Decision(sentiments, tuple(entries), tuple(exits))


def _indicators() -> pd.DataFrame:
    """Return the indicators that the rules read besides sentiment; their values do not affect the result."""
    import pandas as pd

    names = (
        "macd",
        "macd_signal",
        "rsi",
        "ema_short",
        "ema_long",
        "volume",
        "volume_mean",
        "close",
        "bollinger_upper",
    )
    return pd.DataFrame({name: [0.0] for name in names})
