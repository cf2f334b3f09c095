"""The rules of the sentiment store in plain Python, slow and obvious: what every adapter is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.common.clock import CLOCKS_DIFFER
from services.common.messages import SentimentSignal
from services.common.store.port import WriteOutcome
from services.common.values import Scope

LIST_LENGTH = 100
Identity = tuple[str, str]


def identity(signal: SentimentSignal) -> Identity:
    return signal.article_id, signal.model


def order(signal: SentimentSignal) -> tuple[Any, ...]:
    """Of two signals, the one with the greater is the newer."""
    return signal.published, signal.available_at, signal.article_id, signal.model


@dataclass
class StoreModel:
    """What is known of one pair: the list, the sorted set with every revision, and the current signal."""

    window: timedelta
    staleness: timedelta
    history: list[SentimentSignal] = field(default_factory=list)
    signals: list[SentimentSignal] = field(default_factory=list)
    current: SentimentSignal | None = None

    @property
    def known(self) -> dict[Identity, SentimentSignal]:
        """The highest revision of each signal."""
        rising = sorted((*self.history, *self.signals), key=lambda signal: signal.revision)
        return {identity(signal): signal for signal in rising}

    def write(self, batch: Sequence[SentimentSignal], now: datetime) -> list[WriteOutcome]:
        stored = (signal.available_at for signal in self.signals if signal.available_at)
        available = max([now, *(each for each in stored if each <= now + CLOCKS_DIFFER)])
        known = self.known
        accepted: list[SentimentSignal | None] = []
        for signal in batch:
            present = known.get(identity(signal))
            if present is not None and present.revision >= signal.revision:
                accepted.append(None)
                continue
            stamped = signal.model_copy(update={"available_at": available})
            known[identity(signal)] = stamped
            accepted.append(stamped)
        if any(accepted):
            self._settle(known, [each for each in accepted if each], now)
        return [self._outcome(signal) for signal in accepted]

    def _settle(
        self, known: dict[Identity, SentimentSignal], accepted: Sequence[SentimentSignal], now: datetime
    ) -> None:
        newest_first = sorted(known.values(), key=order, reverse=True)
        candidates = list(newest_first)
        if self.current is not None and identity(self.current) not in known:
            candidates.append(self.current)  # long gone, yet nothing better came
        fresh = [
            signal
            for signal in sorted(candidates, key=order, reverse=True)
            if now - signal.published <= self.staleness
        ]
        trusted = [signal for signal in fresh if signal.is_trusted]
        of_asset = [signal for signal in trusted or fresh if signal.scope is Scope.ASSET]
        self.current = (of_asset or trusted or newest_first)[0]
        self.history = newest_first[:LIST_LENGTH]
        self.signals = [
            signal
            for signal in (*self.signals, *accepted)
            if signal.available_at and signal.available_at >= now - self.window
        ]

    def _outcome(self, signal: SentimentSignal | None) -> WriteOutcome:
        if signal is None:
            return WriteOutcome.DUPLICATE
        return WriteOutcome.NEWEST if signal == self.current else WriteOutcome.KEPT
