"""Observes a running demo through metrics, queues, Redis and Freqtrade's REST API, as an operator can."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from services.common.broker.open import open_broker
from services.common.broker.topology import QUEUES
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.demo.counts import COUNTING, Counts, count_messages
from services.launch.freqtrade.api import FreqtradeApi, Trade
from services.launch.probes import Samples, get_json, read_metrics

SIGNALS_SHOWN = 8
_WAITING = {name for queue in QUEUES if queue.retried for name in (queue.name, queue.retry_name)}
_DEAD = {queue.dead_letter_name for queue in QUEUES if queue.retried}


@dataclass(frozen=True)
class Scene:
    """The state of a demo at one moment.

    `elapsed` and `limit` are in real seconds; `prices` are by pair; `headlines` are the newest signals of each pair.
    """

    clock: str
    elapsed: float
    limit: float
    sentiment: Mapping[str, Mapping[str, str] | None]
    headlines: Sequence[SentimentSignal]
    prices: Mapping[str, float]
    trades: Sequence[Trade]
    counts: Counts


class Observer:
    """Reads the state of a demo over its own connections to every part; must be closed."""

    def __init__(
        self, settings: Settings, health_ports: Mapping[str, int], exchange_port: int, clock: Clock
    ) -> None:
        self._settings = settings
        self._ports = {name: health_ports[name] for name in COUNTING}
        self._exchange_port = exchange_port
        self._clock = clock
        self._dead_before = 0
        self._trades: list[Trade] = []
        self._metrics: dict[str, Samples] = dict.fromkeys(COUNTING, Samples())
        self.broker = open_broker(settings, clock)
        self.store = open_store(settings)
        self._bot = FreqtradeApi.of_settings(settings)

    def connect(self) -> None:
        """Connect to the broker and the store. Raises TryLater and StopProgram, as their classes do."""
        self.broker.start()
        self.store.check()
        self._dead_before = self._in(_DEAD)

    def trades(self) -> list[Trade]:
        """The bot's trades; while the bot does not answer, the trades of its last answer."""
        with suppress(TryLater):  # busy with a loop; asked again at the next look
            self._trades = self._bot.trades()
        return self._trades

    def counts(self) -> Counts:
        """The present counts; for a service that does not answer, the counts of its last answer."""
        now = {name: read_metrics(f"127.0.0.1:{port}") for name, port in self._ports.items()}
        self._metrics |= {name: samples for name, samples in now.items() if samples is not None}
        silent = tuple(name for name, samples in now.items() if samples is None)
        return count_messages(self._metrics, self._in(_WAITING), self._in(_DEAD) - self._dead_before, silent)

    def sentiment(self) -> dict[str, dict[str, str] | None]:
        """The current sentiment by pair."""
        return self.store.current(self._settings.trading_pairs)

    def scene(self, elapsed: float, limit: float) -> Scene:
        """Read the whole state of the demo."""
        return Scene(
            clock=f"{self._clock.now():%F %T}",
            elapsed=elapsed,
            limit=limit,
            sentiment=self.sentiment(),
            headlines=self._headlines(),
            prices=self._prices(),
            trades=self.trades(),
            counts=self.counts(),
        )

    def close(self) -> None:
        """Close all connections."""
        self._bot.close()
        self.store.close()
        self.broker.close()

    def _in(self, queues: Collection[str]) -> int:
        """The number of messages in these queues, delivered ones included."""
        return sum(
            state.ready + (state.unacknowledged or 0)
            for state in self.broker.queues()
            if state.name in queues
        )

    def _headlines(self) -> list[SentimentSignal]:
        signals = [
            signal
            for pair in self._settings.trading_pairs
            for signal in self.store.history(pair, SIGNALS_SHOWN)
        ]
        return sorted(signals, key=lambda signal: signal.published, reverse=True)

    def _prices(self) -> dict[str, float]:
        status, rows = get_json(f"http://127.0.0.1:{self._exchange_port}/api/v3/ticker/price")
        if status != HTTPStatus.OK:
            return {}
        by_symbol = {row["symbol"]: float(row["price"]) for row in rows}
        pairs = self._settings.trading_pairs
        return {
            pair: by_symbol[pair.replace("/", "")] for pair in pairs if pair.replace("/", "") in by_symbol
        }
