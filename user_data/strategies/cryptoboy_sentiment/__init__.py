"""Provides news sentiment to a trading strategy: signals, their sources, and the rules based on them.

This package alone decides which sentiment a candle sees, for live trading and backtests alike; only the source
differs (`RedisSignals`, the API, `CsvSignals`). Missing sentiment is NaN, never 0.0. The package needs Freqtrade and,
for a sentiment store in Redis only, `redis`, and no other part of CryptoBoy, so it is installed in Freqtrade by
copying this folder and the strategy's file.
"""

from cryptoboy_sentiment.aggregate import (
    HALF_LIFE,
    MINIMUM_WEIGHT,
    SCOPE_WEIGHTS,
    Aggregate,
    aggregate_as_of,
    aggregate_at,
)
from cryptoboy_sentiment.assets import OWN_FIRST, asset_of, names_for, serving_order
from cryptoboy_sentiment.columns import sentiment_columns
from cryptoboy_sentiment.connection import connect
from cryptoboy_sentiment.csv_following import FollowedCsv
from cryptoboy_sentiment.csv_source import CsvSignals, read_signals_csv
from cryptoboy_sentiment.holds import Hold, describe, holds_in_force, state_of
from cryptoboy_sentiment.indicators import PLOT_CONFIG, Periods, technical_indicators
from cryptoboy_sentiment.inputs import digests_of_inputs
from cryptoboy_sentiment.members import decode_member
from cryptoboy_sentiment.merging import MICROSECOND, STALENESS, Arrivals, arrivals, as_of, timeline
from cryptoboy_sentiment.mixin.sentiment_mixin import SentimentMixin
from cryptoboy_sentiment.news_events import COSTLY, EVENT_TYPES, OTHER, news_count, stand_aside
from cryptoboy_sentiment.opening import history_signals, live_signals
from cryptoboy_sentiment.protections import PROTECTIONS
from cryptoboy_sentiment.redis_source import RedisSignals
from cryptoboy_sentiment.rules import (
    ENTRY_RULES,
    EXIT_RULES,
    SENTIMENT_FROM,
    Rules,
    entry_conditions,
    entry_sentiment,
    entry_tag,
    entry_tags,
    exit_conditions,
    exit_sentiment,
    exit_tag,
    exit_tags,
    rules_text,
    stake_for,
    technical_entry_conditions,
)
from cryptoboy_sentiment.served import ServedSignals
from cryptoboy_sentiment.session import Session
from cryptoboy_sentiment.settings import Settings
from cryptoboy_sentiment.signals import CLOCK_SKEW, LABELS, Signal, SignalError, parse_signal, signals_frame
from cryptoboy_sentiment.sources import EntriesState, SignalSource
from cryptoboy_sentiment.telemetry import Telemetry, open_telemetry
from cryptoboy_sentiment.trace import remember, remembered, trace_id
from cryptoboy_sentiment.trust import CONFIDENCE_ABOVE
from cryptoboy_sentiment.unscored import Unscored, open_trade_pairs
from cryptoboy_sentiment.urgent import Urgent, UrgentNews, UrgentRules, refuse_without_exit_signals
from cryptoboy_sentiment.version import VERSION, warn_of_another_version, warn_of_untested_freqtrade

# Here, once for each process, so that every strategy that uses the package has it.
warn_of_another_version()
warn_of_untested_freqtrade()
