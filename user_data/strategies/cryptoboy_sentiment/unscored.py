"""Finds pairs that are not scored. Such pairs never have sentiment, which must not be mistaken for a lack of news."""

import logging
from collections.abc import Iterable

from cryptoboy_sentiment.assets import asset_of, serving_order

logger = logging.getLogger(__name__)


class Unscored:
    """Logs once for each pair whose signals serve it or that nobody scores it, and again only when this changes."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, ...]] = {}
        self._last: tuple[tuple[str, ...], frozenset[str] | None] = ((), None)
        self._unscored: frozenset[str] = frozenset()

    def look(self, pairs: Iterable[str], scored: frozenset[str] | None) -> frozenset[str]:
        """The pairs that nobody scores, not under another name of their asset either.

        Args:
            pairs: the pairs that are traded.
            scored: the names that are scored, or None if this is unknown; the answer is then empty.
        """
        asked = (tuple(pairs), scored)
        if scored is None:
            return frozenset()
        if asked != self._last:
            serving = {
                pair: tuple(name for name in serving_order(pair, scored) if name in scored)
                for pair in sorted(set(asked[0]))
            }
            for pair, names in serving.items():
                self._tell(pair, names)
            self._last, self._unscored = (
                asked,
                frozenset(pair for pair, names in serving.items() if not names),
            )
        return self._unscored

    def _tell(self, pair: str, names: tuple[str, ...]) -> None:
        before = self._told.get(pair, (pair,))
        if names == before:
            return
        self._told[pair] = names
        if not names:
            logger.warning(
                "Nobody scores %s: neither it nor %s nor another pair of %s is among the TRADING_PAIRS of the services "
                "(the key sentiment_pairs in Redis has them) or in the sentiment CSV. It never has sentiment: no entry "
                "that needs good news is made on it, and bad news neither stops an entry nor closes a trade in it",
                pair,
                asset_of(pair),
                asset_of(pair),
            )
        elif names[0] != pair:
            logger.info(
                "%s has no signals of its own and uses those of %s; news of the currency it is quoted in is not read",
                pair,
                names[0],
            )
        elif not before or before[0] != pair:
            logger.info("%s is scored now", pair)
        elif others := names[1:]:
            logger.info(
                "%s uses its own signals and, after a day without one, those of %s", pair, ", ".join(others)
            )


def open_trade_pairs() -> list[str]:
    """The pairs in which the bot has open trades, whether they are in its whitelist or not."""
    from freqtrade.persistence import Trade

    if not hasattr(Trade, "session"):  # a bot has opened its database; tools and tests need not have
        return []
    return [trade.pair for trade in Trade.get_open_trades()]
