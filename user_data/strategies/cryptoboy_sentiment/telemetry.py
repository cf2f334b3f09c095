"""Reports the strategy's decisions as metrics for Prometheus; this is disabled unless a port is configured.

The exporter listens on loopback unless another address is configured. It runs inside the bot, because only there
every decision is visible, including decisions against a trade. Freqtrade's API reports only trades, and the strategy
only reads the store. The exporter needs the package `prometheus_client`. Without this package or a port there are no
metrics, and the bot trades as usual. No error in this module stops the bot from trading.
"""

import logging
import math
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from cryptoboy_sentiment.holds import Hold
from cryptoboy_sentiment.memory import memory_limit
from cryptoboy_sentiment.sources import EntriesState, SignalSource

logger = logging.getLogger(__name__)

# Freqtrade's own reasons for an exit. Any other is a tag of ours; there are too many of those for a label.
EXIT_REASONS = frozenset(
    {
        "roi",
        "stop_loss",
        "stoploss_on_exchange",
        "trailing_stop_loss",
        "liquidation",
        "force_exit",
        "emergency_exit",
    }
)
SIGNAL_REASON = "exit_signal"
MOST_HOLDS = 20
"""Maximum number of holds with their own label.

Each label is a time series, and a program with the right to write holds could write any number of them.
"""


class Telemetry:
    """Receives the strategy's actions and ignores them; this class is used if no port is configured."""

    def loop(self, now: datetime, source: SignalSource, pairs: Iterable[str]) -> None:
        """Record that the bot's loop began and that the source was refreshed for these pairs as far as possible."""

    def unscored(self, count: int) -> None:
        """Record that `count` pairs of the whitelist or of open trades are not scored."""

    def candle(self, pair: str, last: pd.DataFrame, sentiment: float) -> None:
        """Record the decision on a new candle (the only row of `last`) and the sentiment used (a score or NaN)."""

    def rules_held(self, pair: str, rules: Iterable[str]) -> None:
        """Record that these entry rules held at a new candle."""

    def entry(self, pair: str, state: EntriesState | Literal["news"]) -> None:
        """Record that Freqtrade asked for an entry: allowed if the state is `open`, refused by news if it is `news`."""

    def exit(self, pair: str, reason: str) -> None:
        """Record that Freqtrade closes a trade."""


class PrometheusTelemetry(Telemetry):
    """Records metrics in a registry of `prometheus_client`."""

    def __init__(self, registry: Any) -> None:  # noqa: ANN401 - its type needs the library, which may not be there
        from prometheus_client import Counter, Gauge, PlatformCollector, ProcessCollector

        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        common: dict[str, Any] = {"namespace": "cryptoboy_strategy", "registry": registry}
        self._last_loop = Gauge("last_loop_timestamp_seconds", "When the bot last began its loop", **common)
        self._readable = Gauge("store_readable", "1 while the last refresh read every pair", **common)
        self._paused = Gauge(
            "entries_paused", "1 while holds keep entries from being made, or are lost", **common
        )
        self._hold = Gauge(
            "hold", "1 for each hold on entries in force", ["owner", "reason", "since", "until"], **common
        )
        self._shown: tuple[Hold, ...] = ()
        self._open = Gauge("open_trades", "Trades that are open", **common)
        self._unscored = Gauge(
            "unscored_pairs", "Pairs of the whitelist or of open trades that nobody scores", **common
        )
        self._profit = Gauge("closed_profit", "What closed trades made, in stake currency", **common)
        self._candles = Counter("candles", "Candles judged, by decision", ["pair", "decision"], **common)
        self._held = Counter(
            "entry_rules_held", "Candles at which an entry rule held", ["pair", "rule"], **common
        )
        self._status = Counter(
            "sentiment_status",
            "Candles by what was known of sentiment: fresh, doubtful, stale, none, unreadable",
            ["pair", "status"],
            **common,
        )
        self._sentiment = Gauge("sentiment", "Sentiment at the last candle", ["pair"], **common)
        self._entries = Counter(
            "entries", "Entries that Freqtrade asked for, by what was said", ["pair", "outcome"], **common
        )
        self._exits = Counter("exits", "Exits, by reason", ["pair", "reason"], **common)
        limit = Gauge(
            "cryptoboy_memory_limit_bytes",
            "What process_resident_memory_bytes may reach",
            registry=registry,
        )
        limit.set(memory_limit() or math.nan)

    def loop(self, now: datetime, source: SignalSource, pairs: Iterable[str]) -> None:
        """See `Telemetry.loop`."""
        self._last_loop.set(now.timestamp())
        self._readable.set(all(map(source.readable, pairs)))
        self._paused.set(source.entries in {"paused", "lost"})
        if (shown := source.holds[:MOST_HOLDS]) != self._shown:
            self._hold.clear()
            for hold in shown:
                self._hold.labels(*hold).set(1)
            self._shown = shown
        from freqtrade.persistence import Trade

        if hasattr(Trade, "session"):  # a bot has opened its database; tools and tests need not have
            self._open.set(Trade.get_open_trade_count())
            self._profit.set(Trade.get_total_closed_profit())

    def unscored(self, count: int) -> None:
        """See `Telemetry.unscored`."""
        self._unscored.set(count)

    def candle(self, pair: str, last: pd.DataFrame, sentiment: float) -> None:
        """See `Telemetry.candle`. If a candle has an exit and an entry, only the exit is counted, as in Freqtrade."""
        (row,) = last.to_dict("records")
        decision = "exit" if row.get("exit_long") == 1 else "entry" if row.get("enter_long") == 1 else "none"
        self._candles.labels(pair, decision).inc()
        self._status.labels(pair, row["sentiment_status"]).inc()
        self._sentiment.labels(pair).set(sentiment)

    def rules_held(self, pair: str, rules: Iterable[str]) -> None:
        """See `Telemetry.rules_held`."""
        for rule in rules:
            self._held.labels(pair, rule).inc()

    def entry(self, pair: str, state: EntriesState | Literal["news"]) -> None:
        """See `Telemetry.entry`."""
        self._entries.labels(pair, "allowed" if state == "open" else state).inc()

    def exit(self, pair: str, reason: str) -> None:
        """See `Telemetry.exit`."""
        self._exits.labels(pair, reason if reason in EXIT_REASONS else SIGNAL_REASON).inc()


MOST_CONNECTIONS = 32
"""Maximum number of open connections. Each uses a thread and a file descriptor of Freqtrade's process.

Freqtrade needs its file descriptors for the exchange.
"""


def _bound(server: Any) -> None:  # noqa: ANN401 - of prometheus_client, which names no type
    """Limit the server's connections: a connection above the limit closes the oldest one."""
    connected: dict[socket.socket, None] = {}
    lock = threading.Lock()
    process, shut_down = server.process_request, server.shutdown_request

    def process_request(request: socket.socket, client_address: object) -> None:
        with lock:
            connected[request] = None
            if len(connected) > MOST_CONNECTIONS:
                oldest = next(iter(connected))
                del connected[oldest]
                with suppress(OSError):  # it has ended by itself
                    oldest.shutdown(socket.SHUT_RDWR)
        process(request, client_address)

    def shutdown_request(request: socket.socket) -> None:
        with lock:
            connected.pop(request, None)
        shut_down(request)

    server.process_request, server.shutdown_request = process_request, shutdown_request


_opened: dict[tuple[str, int], Telemetry] = {}
"""The running exporters by address, because a bot that reloads its configuration creates a new strategy."""


def open_telemetry(host: str, port: int | None) -> Telemetry:
    """Serve metrics on this address. If this fails, there are no metrics, and the bot trades nevertheless."""
    if port is None:
        return Telemetry()
    if (host, port) in _opened:
        return _opened[host, port]
    try:
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry()
        telemetry = PrometheusTelemetry(registry)
        server, _ = start_http_server(port, host, registry)
        _bound(server)
    except ImportError:
        logger.warning("There are no metrics on port %d: install the package prometheus_client", port)
        return Telemetry()
    except OSError as error:
        logger.warning("There are no metrics: %s:%d cannot be used (%s)", host, port, error)
        return Telemetry()
    logger.info("The strategy's metrics are on http://%s:%d/metrics", host, port)
    _opened[host, port] = telemetry
    return telemetry
