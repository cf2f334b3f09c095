"""The catalogue: every metric that any service exports, in one place.

Names begin with `cryptoboy_`. Labels have few values: pairs, sources, queues, reactions, never ids or texts.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

# News in
ARTICLES_PUBLISHED = Counter(
    "cryptoboy_articles_published_total", "Articles confirmed by the broker", ["source"]
)
ARTICLES_SKIPPED = Counter(
    "cryptoboy_articles_skipped_total", "Feed entries not published, by reason", ["source", "reason"]
)
ARTICLES_CORRECTED = Counter(
    "cryptoboy_articles_corrected_total",
    "Articles whose publication time was put right, by reason",
    ["source", "reason"],
)
SOURCE_POLLS = Counter(
    "cryptoboy_source_polls_total", "Polls of a news source, by outcome", ["source", "outcome"]
)
SOURCE_UP = Gauge("cryptoboy_source_up", "1 while the last poll of a source succeeded", ["source"])
SOURCE_LAST_SUCCESS = Gauge(
    "cryptoboy_source_last_success_timestamp_seconds", "When a source last answered", ["source"]
)

NEWS_QUEUE_LENGTH = Gauge(
    "cryptoboy_news_queue_messages", "Messages ready in the news queue, as the poller saw it last"
)
BACK_PRESSURE = Gauge(
    "cryptoboy_back_pressure", "1 while the poller slows down because the news queue is long"
)

# Candles in
CANDLES_PUBLISHED = Counter(
    "cryptoboy_candles_published_total", "Closed candles confirmed by the broker", ["pair"]
)
CANDLES_BACKFILLED = Counter("cryptoboy_candles_backfilled_total", "Of these, fetched over REST", ["pair"])
CANDLES_SKIPPED = Counter(
    "cryptoboy_candles_skipped_total",
    "Candles not published, by reason: invalid, missing, out_of_reach",
    ["pair", "reason"],
)
STREAM_RESTARTS = Counter(
    "cryptoboy_stream_restarts_total", "Candle streams started again", ["pair", "reason"]
)
STREAM_LAST_CANDLE = Gauge(
    "cryptoboy_stream_last_candle_timestamp_seconds", "Open time of the last published candle", ["pair"]
)

# Score
ARTICLES_SCORED = Counter("cryptoboy_articles_scored_total", "Articles by outcome", ["scorer", "outcome"])
ARTICLES_DEGRADED = Counter(
    "cryptoboy_articles_degraded_total",
    "Articles scored by the fallback, because the scorer was away",
    ["scorer"],
)
ARTICLES_SUSPECTED = Counter(
    "cryptoboy_articles_suspected_total",
    "Articles with something meant for a machine, by what it is",
    ["suspicion"],
)
SCORES_IN_FLIGHT = Gauge("cryptoboy_scores_in_flight", "Articles being scored now")
SCORE_SECONDS = Histogram(
    "cryptoboy_score_seconds",
    "Time to score one article",
    ["scorer"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120),
)
MODEL_SERVER_UP = Gauge("cryptoboy_model_server_up", "1 while a model server answers", ["server"])
MODEL_TOKENS = Counter(
    "cryptoboy_model_tokens_total", "Tokens as the model servers count them: prompt, answer", ["kind"]
)
MODEL_ANSWERS_REFUSED = Counter(
    "cryptoboy_model_answers_refused_total", "Answers of a language model that could not be used", ["model"]
)
SIGNALS_PUBLISHED = Counter(
    "cryptoboy_signals_published_total", "Signals confirmed by the broker", ["pair", "label", "scope"]
)

# Cache
SIGNALS_CACHED = Counter("cryptoboy_signals_cached_total", "Signals written, by outcome", ["pair", "outcome"])
SENTIMENT_PUBLISHED = Gauge(
    "cryptoboy_sentiment_published_timestamp_seconds", "Publication time of the newest signal", ["pair"]
)

# All services
MESSAGES_RETRIED = Counter(
    "cryptoboy_messages_retried_total", "Messages set aside for another attempt", ["queue"]
)
MESSAGES_DEAD_LETTERED = Counter("cryptoboy_messages_dead_lettered_total", "Messages given up", ["queue"])
ERRORS = Counter("cryptoboy_errors_total", "Errors by the reaction to them", ["service", "reaction"])
DEPENDENCY_UP = Gauge(
    "cryptoboy_dependency_up", "1 while a dependency can be used", ["service", "dependency"]
)
BROKER_RECONNECTS = Counter("cryptoboy_broker_reconnects_total", "Connections to the broker made again")
