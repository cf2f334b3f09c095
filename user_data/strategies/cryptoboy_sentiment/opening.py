"""Opens the source of the signals that the settings define, for a bot, a backtest or a search."""

import logging
from datetime import timedelta
from pathlib import Path

from cryptoboy_sentiment.addresses import is_api, is_csv
from cryptoboy_sentiment.assets import OWN_FIRST
from cryptoboy_sentiment.connection import connect
from cryptoboy_sentiment.csv_following import FollowedCsv
from cryptoboy_sentiment.csv_source import CsvSignals
from cryptoboy_sentiment.http_source import HttpReader
from cryptoboy_sentiment.mirrored_source import MirroredSignals
from cryptoboy_sentiment.redis_source import RedisSignals
from cryptoboy_sentiment.served import ServedSignals
from cryptoboy_sentiment.settings import Settings
from cryptoboy_sentiment.sources import SignalSource

logger = logging.getLogger(__name__)


def live_signals(settings: Settings, window: timedelta, *, dry_run: bool = False) -> SignalSource:
    """The source of a bot: the store's signals, which go back as far as `window`, or a sentiment CSV in dry-run.

    The store is read in Redis, or through the API.

    Raises:
        ValueError: the package redis is missing, the CSV is not valid, or a CSV is named for real money.
    """
    if is_csv(settings.source) and settings.sentiment_csv is not None:
        return ServedSignals(_followed(Path(settings.sentiment_csv).absolute(), dry_run=dry_run))
    # What counts for a pair at the window's begin is decided by the signals before it.
    window += OWN_FIRST
    if is_api(settings.source) and settings.source is not None:
        logger.info("Sentiment comes from the API at %s", settings.source)
        return ServedSignals(MirroredSignals(HttpReader(settings.source, settings.api_key), window=window))
    logger.info("Sentiment comes from Redis at %s", settings.redis_address)
    return ServedSignals(RedisSignals(connect(settings), window=window))


def _followed(path: Path, *, dry_run: bool) -> FollowedCsv:
    if not dry_run:
        raise ValueError(
            f"cryptoboy.source is the sentiment CSV {path}, and this bot trades with real money. A file has no holds: "
            "nobody could stop the entries of this bot (./cryptoboy pause), and it does not show whether it is kept up "
            "to date. Name the sentiment store, for example redis://HOST:6379/0, or set dry_run to true"
        )
    logger.info("Sentiment comes from the sentiment CSV %s, which is read again when it changes", path)
    return FollowedCsv(path)


def history_signals(settings: Settings) -> SignalSource:
    """The source of the history file's signals; empty without a file, because the live store is never used instead.

    Raises:
        SignalError: the file is not valid.
    """
    if settings.sentiment_csv is None:
        logger.warning(
            "There is no sentiment in this run: no entry that needs it is made, and no news blocks or closes a trade. "
            "Name a history file as cryptoboy.sentiment_csv, cryptoboy.source or SENTIMENT_CSV. The live store is not "
            "read into history."
        )
        return ServedSignals(CsvSignals(None))
    path = Path(settings.sentiment_csv).absolute()  # a relative path starts in the working directory
    logger.info("Sentiment comes from the history in %s", path)
    return ServedSignals(CsvSignals(path), tells=True)
