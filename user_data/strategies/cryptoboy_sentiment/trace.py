"""Records the article that led to a decision; the article's id is the trace id in the services' logs."""

from typing import Any

import pandas as pd

from cryptoboy_sentiment.plain import one_line

TRACE_KEY = "trace_id"
"""The key of the article's id in a trade's custom data."""
LISTED = "sentiment_article_id"


def trace_id(frame: pd.DataFrame) -> str:
    """The id of the newest article known at the last candle of an analysed frame; empty if no article is known."""
    if frame.empty or LISTED not in frame:
        return ""
    return one_line(frame[LISTED].iloc[-1])


def remember(trade: Any, article: str) -> None:  # noqa: ANN401 - Freqtrade publishes no types
    """Store the article's id with a trade in the bot's database; a later entry does not replace the first id."""
    if article and trade.get_custom_data(TRACE_KEY) is None:
        trade.set_custom_data(TRACE_KEY, article)


def remembered(trade: Any) -> str:  # noqa: ANN401 - as above
    """The article's id that was stored with a trade; empty if no id was stored."""
    return one_line(trade.get_custom_data(TRACE_KEY) or "")
