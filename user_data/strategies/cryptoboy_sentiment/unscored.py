"""Finds pairs that are not scored. Such pairs never have sentiment, which must not be mistaken for a lack of news."""

import logging
from collections.abc import Iterable

logger = logging.getLogger(__name__)


class Unscored:
    """Logs once for each pair that the pair is not scored, and once that it is scored again."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def look(self, pairs: Iterable[str], scored: frozenset[str] | None) -> frozenset[str]:
        """The pairs that are not scored; empty if it is unknown which pairs are scored."""
        if scored is None:
            return frozenset()
        unscored = frozenset(pairs) - scored
        for pair in sorted(unscored - self._told):
            logger.warning(
                "Nobody scores %s: it is not among the TRADING_PAIRS of the services (the key sentiment_pairs in Redis "
                "has them), so it never has sentiment: no entry is made on it, and bad news closes no trade in it",
                pair,
            )
        for pair in sorted(self._told & scored):
            logger.info("%s is scored now", pair)
        self._told = (self._told | unscored) - scored
        return unscored


def open_trade_pairs() -> list[str]:
    """The pairs in which the bot has open trades, whether they are in its whitelist or not."""
    from freqtrade.persistence import Trade

    if not hasattr(Trade, "session"):  # a bot has opened its database; tools and tests need not have
        return []
    return [trade.pair for trade in Trade.get_open_trades()]
