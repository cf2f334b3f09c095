"""Reads the signals in deliveries, and states why a delivery cannot be cached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.common.broker.port import Delivery
from services.common.clock import CLOCKS_DIFFER
from services.common.errors import NeverWorks
from services.common.messages import SentimentSignal, decode


@dataclass(frozen=True, slots=True)
class SignalDelivery:
    """A delivery and the signal that it contains."""

    delivery: Delivery
    signal: SentimentSignal


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A delivery that can never be cached, and the reason."""

    delivery: Delivery
    reason: str


def read(delivery: Delivery, now: datetime) -> SignalDelivery | Unreadable:
    """Read a delivery. Never raises, whatever the message contains.

    A signal whose publication time is in the future counts as unreadable, because it would stay the newest signal
    until that time.
    """
    try:
        signal = decode(delivery.body, SentimentSignal)
    except NeverWorks as error:
        return Unreadable(delivery, str(error))
    if signal.published > now + CLOCKS_DIFFER:
        ahead = (signal.published - now).total_seconds() / 60
        return Unreadable(
            delivery, f"published {signal.published.isoformat()} is {ahead:.0f} minutes in the future"
        )
    return SignalDelivery(delivery, signal)
