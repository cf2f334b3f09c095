"""The catalogue: every metric that any service exports, in one place.

Names begin with `cryptoboy_`. A label has few different values (pairs, sources, queues, reactions), and
never ids or texts. Values from messages (a source, a pair) are limited by `few_values.few`, because anybody may
publish messages.

The strategy does not import this module and exports its own metrics: see its module `telemetry`.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

# News in
ARTICLES_PUBLISHED = Counter(
    "cryptoboy_articles_published_total", "Articles confirmed by the broker", ["source"]
)
ARTICLES_SKIPPED = Counter(
    "cryptoboy_articles_skipped_total",
    "Feed entries not published, by reason: no_title, known, too_old, irrelevant, undated, too_many, refused, no_room, "
    "waited_too_long",
    ["source", "reason"],
)
ARTICLES_CORRECTED = Counter(
    "cryptoboy_articles_corrected_total",
    "Articles in which something was corrected, by reason: no_date, no_zone, future_date, hidden_text",
    ["source", "reason"],
)
SOURCE_POLLS = Counter(
    "cryptoboy_source_polls_total", "Polls of a news source, by outcome", ["source", "outcome"]
)
SOURCE_UP = Gauge("cryptoboy_source_up", "1 while the last poll of a source succeeded", ["source"])
SOURCE_LAST_SUCCESS = Gauge(
    "cryptoboy_source_last_success_timestamp_seconds", "When a source last answered", ["source"]
)
ARTICLES_WAITING = Gauge(
    "cryptoboy_articles_waiting", "Articles on the poller's disk that wait for the broker"
)
SOURCE_WAITING = Gauge(
    "cryptoboy_source_articles_waiting",
    "Articles of a source that wait for the broker or for their turn",
    ["source"],
)
SOURCE_OVER_QUOTA = Gauge(
    "cryptoboy_source_over_quota",
    "1 while articles of a source wait because its owner has published NEWS_SOURCE_QUOTA in an hour",
    ["source"],
)

SOURCE_NEWEST = Gauge(
    "cryptoboy_source_newest_timestamp_seconds",
    "Publication time of a source's newest article, as the article says; not there for a source without dates",
    ["source"],
)
SOURCE_LAG = Histogram(
    "cryptoboy_source_lag_seconds",
    "From the publication of an article, where it says when, to when it was first seen in its source",
    ["source"],
    buckets=(60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800),
)
SOURCE_FROZEN = Gauge(
    "cryptoboy_source_frozen", "1 while a source answers but has had nothing new for far too long", ["source"]
)
SOURCE_FREEZES = Counter("cryptoboy_source_freezes_total", "Times that a source was found frozen", ["source"])

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
STREAM_RESTARTS = Counter("cryptoboy_stream_restarts_total", "Restarts of candle streams", ["pair", "reason"])
STREAM_LAST_CANDLE = Gauge(
    "cryptoboy_stream_last_candle_timestamp_seconds", "Open time of the last published candle", ["pair"]
)
STREAM_LAST_HEARD = Gauge(
    "cryptoboy_stream_last_heard_timestamp_seconds",
    "When a candle stream last sent something new; before that, when it was opened",
    ["pair"],
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
    "Articles with text that is meant for a model or hidden from readers, by kind",
    ["suspicion"],
)
SCORER_REFUSALS = Gauge(
    "cryptoboy_scorer_refusals", "Of the last 12 articles that were sent to the scorer, those that it refused"
)
SCORES_IN_FLIGHT = Gauge("cryptoboy_scores_in_flight", "Articles being scored now")
SCORE_SECONDS = Histogram(
    "cryptoboy_score_seconds",
    "Time to score one article",
    ["scorer"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120),
)
MODEL_SERVER_UP = Gauge("cryptoboy_model_server_up", "1 while a model server answers", ["server"])
MODEL_REQUEST_SECONDS = Histogram(
    "cryptoboy_model_request_seconds",
    "Time of one request to a model server, answered or not",
    ["server"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120),
)
MODEL_REQUESTS = Counter(
    "cryptoboy_model_requests_total",
    "Requests to a model server, by outcome: answered, or the reaction to the failure",
    ["server", "outcome"],
)
MODEL_TOKENS = Counter(
    "cryptoboy_model_tokens_total", "Tokens as the model servers count them: prompt, answer", ["kind"]
)
MODEL_ANSWERS_REFUSED = Counter(
    "cryptoboy_model_answers_refused_total", "Answers of a language model that could not be used", ["model"]
)
SIGNALS_PUBLISHED = Counter(
    "cryptoboy_signals_published_total", "Signals confirmed by the broker", ["pair", "label", "scope"]
)
RESULTS_LOST = Counter(
    "cryptoboy_results_lost_total", "Results of articles that could not be published for the history"
)
SCORES = Counter("cryptoboy_scores_total", "Scores by the article's source and label", ["source", "label"])

# Cache
SIGNALS_CACHED = Counter("cryptoboy_signals_cached_total", "Signals written, by outcome", ["pair", "outcome"])
SENTIMENT_PUBLISHED = Gauge(
    "cryptoboy_sentiment_published_timestamp_seconds",
    "Publication time of the newest signal in the store; 0 while there is none",
    ["pair"],
)
SENTIMENT_SCORE = Gauge("cryptoboy_sentiment_score", "Score of the newest signal in the store", ["pair"])
SENTIMENT_STALENESS = Gauge(
    "cryptoboy_sentiment_staleness_seconds", "SENTIMENT_STALENESS_HOURS: older sentiment counts as none"
)

# History
HISTORY_ROWS = Counter(
    "cryptoboy_history_rows_total", "Rows that were added to the history or changed", ["table"]
)
HISTORY_UNREADABLE = Counter(
    "cryptoboy_history_unreadable_total", "Messages of history_queue that could not be read, and were dropped"
)
HISTORY_LAST_WRITE = Gauge(
    "cryptoboy_history_last_write_timestamp_seconds", "When something was last written to the history"
)
HISTORY_BYTES = Gauge("cryptoboy_history_bytes", "Size of the history's rows and indexes")

# API
API_REQUESTS = Counter(
    "cryptoboy_api_requests_total", "Requests to the API, by route and status", ["route", "status"]
)
API_SECONDS = Histogram(
    "cryptoboy_api_request_seconds",
    "Time to answer a request, by route",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STREAM_CLIENTS = Gauge("cryptoboy_stream_clients", "Open connections of /v1/stream")
STREAM_CLOSED = Counter(
    "cryptoboy_stream_closed_total",
    "Connections of /v1/stream that ended, by reason: left, slow, refused, away",
    ["reason"],
)

# Notifier
NOTICES = Counter(
    "cryptoboy_notices_total",
    "Notices by what came of them: told, digested, delayed, dropped, unsure",
    ["channel", "state"],
)
NOTICES_WAITING = Gauge("cryptoboy_notices_waiting", "Notices that wait for their channel", ["channel"])
NOTICE_SECONDS = Histogram(
    "cryptoboy_notice_seconds",
    "From when something happened to when a channel had accepted the notice",
    ["channel"],
    buckets=(0.25, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600),
)
CHANNEL_UP = Gauge("cryptoboy_channel_up", "1 while a channel accepts notices", ["channel"])
HAPPENINGS = Counter("cryptoboy_happenings_total", "What happened, by kind, told or not", ["kind"])
TELEGRAM_UPDATES = Counter("cryptoboy_telegram_updates_total", "What came from Telegram, by kind", ["kind"])
TELEGRAM_SENDS = Counter("cryptoboy_telegram_sends_total", "Messages to Telegram, by outcome", ["outcome"])

# Queues. RabbitMQ's plugin has the same figures; these exist with the embedded broker as well.
QUEUE_LAG = Histogram(
    "cryptoboy_queue_lag_seconds",
    "Age of a message when it was handled: articles since they were fetched, signals since they were made",
    ["queue"],
    buckets=(0.1, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 14400),
)
QUEUE_MESSAGES = Gauge(
    "cryptoboy_queue_messages_ready", "Messages ready, as the poller saw it last", ["queue"]
)
QUEUE_CONSUMERS = Gauge("cryptoboy_queue_consumers", "Consumers, as the poller saw it last", ["queue"])
QUEUE_LIMIT = Gauge("cryptoboy_queue_limit_messages", "QUEUE_MAX_LENGTH: the length at which queues are full")

MESSAGES_DROPPED = Counter(
    "cryptoboy_queue_dropped_total",
    "Oldest messages that the embedded broker dropped from a full queue; RabbitMQ counts its own",
    ["queue"],
)

# All services
MESSAGES_RETRIED = Counter(
    "cryptoboy_messages_retried_total", "Messages set aside for another attempt", ["queue"]
)
MESSAGES_DEAD_LETTERED = Counter("cryptoboy_messages_dead_lettered_total", "Messages given up", ["queue"])
CONSUMING_STOPPED = Gauge(
    "cryptoboy_consuming_stopped",
    "1 while a queue is not read any more, because nearly all of its last messages became dead letters",
    ["queue"],
)
ERRORS = Counter("cryptoboy_errors_total", "Errors by the reaction to them", ["service", "reaction"])
LAG_SECONDS = Gauge(
    "cryptoboy_lag_seconds", "Age of the messages that are being handled, 0 while none waits", ["service"]
)
LAG_EXCEEDED = Counter("cryptoboy_lag_exceeded_total", "Times that the lag passed LAG_LIMIT", ["service"])
WORK_STUCK = Counter(
    "cryptoboy_work_stuck_total",
    "Calls that did not return long after their own time limit",
    ["service"],
)
DEPENDENCY_UP = Gauge(
    "cryptoboy_dependency_up", "1 while a dependency can be used", ["service", "dependency"]
)
BROKER_RECONNECTS = Counter("cryptoboy_broker_reconnects_total", "Reconnections to the broker")
MEMORY_LIMIT = Gauge(
    "cryptoboy_memory_limit_bytes",
    "The memory limit of the process: the control group's, or else the machine's memory",
)
MEMORY_USED = Gauge(
    "cryptoboy_memory_used_bytes",
    "What counts against that limit, child processes included; not a number where no control group has one",
)
