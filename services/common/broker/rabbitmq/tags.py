"""Tracks the unsettled deliveries of a channel, and settles several of them with few frames. Does no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pika.channel import Channel


class Token(NamedTuple):
    """Identifies a delivery by channel and tag. RabbitMQ redelivers the unsettled deliveries of a lost channel."""

    channel: Channel
    tag: int


class AckPlan(NamedTuple):
    """How to acknowledge tags: one frame for all tags up to `up_to` (if not None), and one for each of `singly`."""

    up_to: int | None
    singly: list[int]


class OpenTags:
    """The unsettled delivery tags of one channel. RabbitMQ numbers deliveries upwards from 1."""

    def __init__(self) -> None:
        self._tags: dict[int, None] = {}  # in rising order, as dictionaries keep it

    def add(self, tag: int) -> None:
        """Add the tag of a new delivery."""
        self._tags[tag] = None

    def settle(self, tags: Iterable[int]) -> list[int]:
        """Remove the given tags that are open, and return these in rising order; the others were settled before."""
        return sorted(tag for tag in tags if self._tags.pop(tag, self) is None)

    def plan_acks(self, settled: list[int]) -> AckPlan:
        """Plan how to acknowledge tags that `settle` returned, without acknowledging tags that are still open."""
        first_open = next(iter(self._tags), None)
        together = [tag for tag in settled if first_open is None or tag < first_open]
        return AckPlan(together[-1] if together else None, settled[len(together) :])

    def settle_all(self) -> int | None:
        """Remove all tags; returns the last tag, or None if there was no tag."""
        last = next(reversed(self._tags), None)
        self._tags.clear()
        return last
