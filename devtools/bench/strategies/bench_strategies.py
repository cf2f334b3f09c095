"""The technical rules with sentiment read and joined but not traded on, and without it: the same trades."""

from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
from LLMSentimentStrategy import LLMSentimentStrategy

_SENTIMENT = "sentiment"


class TechnicalWithSentiment(LLMSentimentStrategy):
    """Reads and joins sentiment like the strategy; no rule asks for it."""

    entry_rules = tuple(rule for rule in LLMSentimentStrategy.entry_rules if rule != _SENTIMENT)
    exit_rules = tuple(rule for rule in LLMSentimentStrategy.exit_rules if rule != _SENTIMENT)


class TechnicalWithoutSentiment(TechnicalWithSentiment):
    """Reads nothing and joins nothing: the columns of sentiment are constants."""

    def _history(self) -> news.SignalSource:
        return news.CsvSignals(None)

    def sentiment_columns(self, pair: str, opens: "pd.Series[Any]") -> pd.DataFrame:
        """What there is without news, worked out for one candle and repeated."""
        first = super().sentiment_columns(pair, opens.head(1))
        return pd.DataFrame({name: first[name].iloc[0] for name in first}, index=opens.index)
