"""What a system in containers has made of the world's news."""

from __future__ import annotations

import json

from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")


def publish(system: Stack, count: int) -> list[str]:
    """Publish articles in the world's feeds, each a story of its own; return their headlines."""
    return list(json.loads(system.world(f"/publish/{count}", post=True)))


def headlines(system: Stack) -> list[str]:
    """The headline of every signal that is stored; more than once where signals repeat it."""
    stored = [system.redis("--raw", "zrange", f"sentiment_signals:{pair}", "0", "-1") for pair in PAIRS]
    return [str(json.loads(line)["headline"]) for text in stored for line in text.splitlines()]


def next_signal(system: Stack) -> None:
    """Return when a new article has become a signal; the test fails if it does not.

    The world's own articles will not do: a world that was started again repeats stories, which are no news.
    """
    (awaited,) = publish(system, 1)
    eventually(lambda: awaited in headlines(system), f"a signal of {awaited!r}")


def no_dead_letters(system: Stack) -> bool:
    """Whether the operator's command finds none."""
    return "No dead letters" in system.operator("queues", "dlq", "list")
