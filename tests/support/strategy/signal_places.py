"""Where a strategy may take its signals from, each with the same means to fill it, to take it away and to open it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import cryptoboy_sentiment as news
from cryptoboy_sentiment.opening import history_signals, live_signals

from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.strategy.strategy_samples import message, milliseconds, write_csv


class SignalPlace(Protocol):
    """A store or a file of signals."""

    def put(self, *signals: news.Signal) -> None:
        """Add signals to those that are there."""

    def source(self) -> news.SignalSource:
        """A source that reads this place, opened by its address."""

    def vanish(self) -> None:
        """Make the place unreadable."""

    def come_back(self) -> None:
        """Make it readable again."""


class RedisPlace:
    """The sentiment store, real or embedded, behind a proxy."""

    def __init__(self, admin: Any, proxy: TcpProxy, password: str | None) -> None:
        self._admin, self._proxy = admin, proxy
        user = f":{password}@" if password else ""
        self.address = f"redis://{user}{proxy.host}:{proxy.port}/0"
        self._names: set[str] = set()
        admin.hset("trading:holds", "_kept", "")

    def put(self, *signals: news.Signal) -> None:
        for one in signals:
            content = message(
                one, event_type=one.event_type, weight=one.weight, corroboration=int(one.corroboration)
            )
            self._admin.zadd(f"sentiment_signals:{one.pair}", {content: milliseconds(one.available_at)})
        self._names |= {one.pair for one in signals}
        self._admin.set("sentiment_pairs", json.dumps(dict.fromkeys(sorted(self._names))))

    def source(self) -> news.SignalSource:
        return live_signals(news.Settings.read({"source": self.address}, {}), window=timedelta(hours=48))

    def vanish(self) -> None:
        self._proxy.refuse()

    def come_back(self) -> None:
        self._proxy.accept()


class ApiPlace(RedisPlace):
    """The sentiment store behind the API, which is behind a proxy and wants a key."""

    def __init__(self, admin: Any, proxy: TcpProxy, key: str) -> None:
        super().__init__(admin, proxy, None)
        self.address = f"http://{proxy.host}:{proxy.port}"
        self._key = key

    def source(self) -> news.SignalSource:
        settings = news.Settings.read({"source": self.address, "api_key": self._key}, {})
        return live_signals(settings, window=timedelta(hours=48))


class CsvPlace:
    """A sentiment CSV, followed as in dry-run."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "signals.csv"
        self._signals: list[news.Signal] = []
        self._write()

    def put(self, *signals: news.Signal) -> None:
        self._signals += signals
        self._write()

    def source(self) -> news.SignalSource:
        settings = news.Settings.read({"source": str(self.path)}, {})
        return live_signals(settings, window=timedelta(hours=48), dry_run=True)

    def vanish(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))

    def come_back(self) -> None:
        self._write()

    def _write(self) -> None:
        write_csv(self.path.with_suffix(".new"), self._signals).rename(self.path)


class HistoryPlace(CsvPlace):
    """A sentiment CSV, read once as in backtests."""

    def source(self) -> news.SignalSource:
        return history_signals(news.Settings.read({"source": str(self.path)}, {}))


def columns_at(source: news.SignalSource, pair: str, opens: Any, *, readable: bool = True) -> Any:
    """The news columns of a pair's candles of 15 minutes, as a strategy computes them."""
    return news.sentiment_columns(
        source.signals(pair),
        opens,
        timedelta(minutes=15),
        staleness=timedelta(hours=4),
        half_life=timedelta(hours=2),
        last_unreadable=not readable,
        confidence_above=0.2,
    )


def articles(source: news.SignalSource, pair: str) -> list[str]:
    """The ids of the articles whose signals count for a pair, sorted."""
    return sorted(source.signals(pair)["article_id"])


def by_name(signals: Iterable[news.Signal], name: str) -> list[news.Signal]:
    """The same signals for another pair or asset."""
    return [one._replace(pair=name) for one in signals]
