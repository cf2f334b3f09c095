"""The ports of the services for /health and /metrics.

A module of its own that imports nothing, because health checks import it, which start every few seconds.
"""

USUAL_PORTS = {
    "signal_cacher": 8104,
    "history_recorder": 8107,
    "sentiment_processor": 8103,
    "news_poller": 8101,
    "market_streamer": 8102,
    "api": 8110,
    "notifier": 8106,
}
"""The port of each service unless HEALTH_PORT, or API_PORT for the API, sets another one."""
