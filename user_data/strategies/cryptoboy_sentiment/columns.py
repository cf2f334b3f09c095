"""Computes the news that was available to each candle as columns of a frame, for bots, backtests and searches."""

from datetime import timedelta
from typing import Any

import pandas as pd

from cryptoboy_sentiment.aggregate import aggregate_as_of
from cryptoboy_sentiment.merging import Arrivals, arrivals, as_of
from cryptoboy_sentiment.news_events import news_count


def sentiment_columns(
    signals: pd.DataFrame,
    opens: "pd.Series[Any]",
    candle: timedelta,
    *,
    staleness: timedelta,
    half_life: timedelta,
    last_unreadable: bool,
    confidence_above: float,
    arrived: Arrivals | None = None,
) -> pd.DataFrame:
    """The columns of `as_of`, `aggregate_as_of` and `news_count`; the arguments are passed to these functions."""
    common: dict[str, Any] = {
        "staleness": staleness,
        "last_unreadable": last_unreadable,
        "arrived": arrivals(signals) if arrived is None else arrived,
    }
    count = news_count(signals, opens, candle, **common)
    common["confidence_above"] = confidence_above
    newest = as_of(signals, opens, candle, **common)
    aggregate = aggregate_as_of(signals, opens, candle, half_life=half_life, **common)
    return pd.concat([newest, aggregate, count], axis=1)
