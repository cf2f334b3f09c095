"""Chooses how a backtest tells apart the variants of a strategy."""

from __future__ import annotations

from typing import Any

from services.common.errors import StopProgram
from services.research.backtest.strategies.own import NamedRules
from services.research.backtest.strategies.subject import Subject


def subject_of(strategy: Any) -> Subject:  # noqa: ANN401 - Freqtrade publishes no types
    """Return the subject for a strategy that Freqtrade loaded and started.

    Raises:
        StopProgram: the strategy takes no news; the message says how it can.
    """
    if hasattr(strategy, "entry_rules") and hasattr(strategy, "exit_rules"):
        return NamedRules(strategy)
    name = type(strategy).__name__
    raise StopProgram(
        f"{name} takes no news, so there is nothing to compare. Two lines of its file let it take news: "
        f"`from cryptoboy_sentiment import SentimentMixin` and `class {name}(SentimentMixin, IStrategy):`"
    )
