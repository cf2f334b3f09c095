"""The unsettled deliveries of a channel, and how to settle several with few frames. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pika.channel import Channel


class Token(NamedTuple):
    """A delivery. RabbitMQ redelivers what was unsettled on a channel that is lost."""

    channel: Channel
    tag: int


class AckPlan(NamedTuple):
    """Acknowledge everything up to `up_to` with one frame, if it is not None, then each of `singly`."""

    up_to: int | None
    singly: list[int]


class OpenTags:
    """The delivery tags of one channel that are unsettled. RabbitMQ numbers deliveries upwards from 1."""

    def __init__(self) -> None:
        self._tags: dict[int, None] = {}  # in rising order, as dictionaries keep it

    def add(self, tag: int) -> None:
        """A delivery came in."""
        self._tags[tag] = None

    def settle(self, tags: Iterable[int]) -> list[int]:
        """Take out those that are open, and return them in rising order; others were settled before."""
        return sorted(tag for tag in tags if self._tags.pop(tag, self) is None)

    def plan_acks(self, settled: list[int]) -> AckPlan:
        """How to acknowledge tags that `settle` returned without touching those that are still open."""
        first_open = next(iter(self._tags), None)
        together = [tag for tag in settled if first_open is None or tag < first_open]
        return AckPlan(together[-1] if together else None, settled[len(together) :])

    def settle_all(self) -> int | None:
        """Take out everything; returns the last tag, or None if there was none."""
        last = next(reversed(self._tags), None)
        self._tags.clear()
        return last
