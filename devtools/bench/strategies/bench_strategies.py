"""Two strategies that use only the technical rules and so make the same trades; one reads and joins sentiment."""

from typing import Any

import pandas as pd
from LLMSentimentStrategy import LLMSentimentStrategy

_SENTIMENT = "sentiment"


class TechnicalWithSentiment(LLMSentimentStrategy):
    """A strategy that reads and joins sentiment as the product's strategy does, but has no rule that uses it."""

    entry_rules = tuple(rule for rule in LLMSentimentStrategy.entry_rules if rule != _SENTIMENT)
    exit_rules = tuple(rule for rule in LLMSentimentStrategy.exit_rules if rule != _SENTIMENT)


class TechnicalWithoutSentiment(TechnicalWithSentiment):
    """A strategy that neither reads nor joins sentiment; its sentiment columns are constants."""

    def bot_start(self, **kwargs: object) -> None:
        """Start without the file of the signals."""
        section = dict(self.config["cryptoboy"])
        section.pop("sentiment_csv", None)
        self.config["cryptoboy"] = section
        super().bot_start(**kwargs)

    def sentiment_columns(self, pair: str, opens: "pd.Series[Any]") -> pd.DataFrame:
        """The sentiment columns as they are without news, computed for one candle and repeated for all others."""
        first = super().sentiment_columns(pair, opens.head(1))
        return pd.DataFrame({name: first[name].iloc[0] for name in first}, index=opens.index)
