"""Which article a decision came from: its id is the trace id that the services' logs carry."""

from typing import Any

import pandas as pd

from cryptoboy_sentiment.plain import one_line

TRACE_KEY = "trace_id"
"""Its name in a trade's custom data."""
LISTED = "sentiment_article_id"


def trace_id(frame: pd.DataFrame) -> str:
    """The id of the newest article that was known at the last candle of an analysed frame; empty if there is none."""
    if frame.empty or LISTED not in frame:
        return ""
    return one_line(frame[LISTED].iloc[-1])


def remember(trade: Any, article: str) -> None:  # noqa: ANN401 - Freqtrade publishes no types
    """Keep the id with a trade, in the bot's database; a further entry does not replace the first one's."""
    if article and trade.get_custom_data(TRACE_KEY) is None:
        trade.set_custom_data(TRACE_KEY, article)


def remembered(trade: Any) -> str:  # noqa: ANN401 - as above
    """The id that was kept with a trade; empty where there is none."""
    return one_line(trade.get_custom_data(TRACE_KEY) or "")
