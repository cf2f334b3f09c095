"""Chooses how a backtest tells apart the variants of a strategy."""

from __future__ import annotations

from typing import Any

from cryptoboy_sentiment import SentimentMixin

from services.common.errors import StopProgram
from services.research.backtest.strategies.mixed import MixinUses
from services.research.backtest.strategies.own import NamedRules
from services.research.backtest.strategies.subject import Subject


def subject_of(strategy: Any) -> Subject:  # noqa: ANN401 - Freqtrade publishes no types
    """Return the subject for a strategy that Freqtrade loaded and started.

    Raises:
        StopProgram: the strategy takes no news; the message says how it can.
    """
    refuse_without_news(strategy)
    return NamedRules(strategy) if _has_named_rules(strategy) else MixinUses(strategy)


def refuse_without_news(strategy: Any) -> None:  # noqa: ANN401 - as above
    """Raise StopProgram if the strategy takes no news; the message says how it can."""
    if _has_named_rules(strategy) or isinstance(strategy, SentimentMixin):
        return
    name = type(strategy).__name__
    raise StopProgram(
        f"{name} takes no news, so there is nothing to compare. Two lines of its file let it take news: "
        f"`from cryptoboy_sentiment import SentimentMixin` and `class {name}(SentimentMixin, IStrategy):`"
    )


def _has_named_rules(strategy: Any) -> bool:  # noqa: ANN401 - as above
    return hasattr(strategy, "entry_rules") and hasattr(strategy, "exit_rules")
