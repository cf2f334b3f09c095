"""The rules of the sentiment store in plain Python, slow and obvious: what every adapter is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.common.messages import SentimentSignal
from services.common.values import Scope

LIST_LENGTH = 100
Identity = tuple[str, str]


def identity(signal: SentimentSignal) -> Identity:
    return signal.article_id, signal.model


@dataclass
class StoreModel:
    """What is known of one pair when every signal is written at the same instant `now`."""

    now: datetime
    staleness: timedelta
    known: dict[Identity, SentimentSignal] = field(default_factory=dict)

    def write(self, signal: SentimentSignal) -> None:
        present = self.known.get(identity(signal))
        if present is None or present.revision < signal.revision:
            self.known[identity(signal)] = signal

    def newest_first(self) -> list[SentimentSignal]:
        return sorted(
            self.known.values(),
            key=lambda signal: (signal.published, signal.article_id, signal.model),
            reverse=True,
        )

    def history(self) -> list[SentimentSignal]:
        return self.newest_first()[:LIST_LENGTH]

    def current(self) -> SentimentSignal:
        fresh = [
            signal
            for signal in self.newest_first()
            if signal.scope is Scope.ASSET and self.now - signal.published <= self.staleness
        ]
        return (fresh or self.newest_first())[0]
