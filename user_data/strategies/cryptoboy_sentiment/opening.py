"""Opens the source of the signals that the settings define, for a bot, a backtest or a search."""

import logging
from datetime import timedelta
from pathlib import Path

from cryptoboy_sentiment.connection import connect
from cryptoboy_sentiment.csv_source import CsvSignals
from cryptoboy_sentiment.redis_source import RedisSignals
from cryptoboy_sentiment.settings import Settings
from cryptoboy_sentiment.sources import SignalSource

logger = logging.getLogger(__name__)


def live_signals(settings: Settings, window: timedelta) -> SignalSource:
    """The source of the store's signals, which go back as far as `window`."""
    logger.info("Sentiment comes from Redis at %s", settings.redis_address)
    return RedisSignals(connect(settings), window=window)


def history_signals(settings: Settings) -> SignalSource:
    """The source of the history file's signals; empty without a file, because the live store is never used instead.

    Raises:
        SignalError: the file is not valid.
    """
    if settings.sentiment_csv is None:
        logger.warning(
            "There is no sentiment in this run and so there will be no entries: name a history file as "
            "cryptoboy.sentiment_csv or SENTIMENT_CSV. The live store is not read into history."
        )
        return CsvSignals(None)
    logger.info("Sentiment comes from the history in %s", settings.sentiment_csv)
    return CsvSignals(Path(settings.sentiment_csv))
