"""Which messages of a batch are signals to be cached, and which can never be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.common.broker.port import Delivery
from services.common.clock import CLOCKS_DIFFER
from services.common.errors import NeverWorks
from services.common.messages import SentimentSignal, decode


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries of one look at the queue. `accepted` and `signals` go together, one by one.

    Attributes:
        rejected: each with the reason for which it can never be cached.
    """

    accepted: tuple[Delivery, ...]
    signals: tuple[SentimentSignal, ...]
    rejected: tuple[tuple[Delivery, str], ...]

    def age(self, now: datetime) -> float | None:
        """Seconds since the youngest of the signals was made; None if there is none."""
        return min(((now - signal.analyzed_at).total_seconds() for signal in self.signals), default=None)


def sort_out(deliveries: Sequence[Delivery], now: datetime) -> Batch:
    """Read every delivery; never raises on what a message holds.

    A signal from the future is rejected: it would stay the newest for as long as it is ahead.
    """
    accepted, signals, rejected = [], [], []
    for delivery in deliveries:
        try:
            signal = _read(delivery.body, now)
        except NeverWorks as error:
            rejected.append((delivery, str(error)))
        else:
            accepted.append(delivery)
            signals.append(signal)
    return Batch(tuple(accepted), tuple(signals), tuple(rejected))


def _read(body: bytes, now: datetime) -> SentimentSignal:
    signal = decode(body, SentimentSignal)
    if signal.published > now + CLOCKS_DIFFER:
        ahead = (signal.published - now).total_seconds() / 60
        raise NeverWorks(f"published {signal.published.isoformat()} is {ahead:.0f} minutes in the future")
    return signal
