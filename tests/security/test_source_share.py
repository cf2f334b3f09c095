"""Attack: whoever publishes more often outweighs everybody else.

The attacker runs one source, or several of one owner, and publishes thirty articles of the same tendency in different
words, while three others report the opposite. By their number alone they turned an exit by the aggregate into an entry.
Articles go through scoring, a real Redis and the strategy as Freqtrade loads it.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.servers.servers import RedisServer
from tests.support.strategy.signal_world import Told, decided_on

pytestmark = pytest.mark.usefixtures("no_strategy_variables")
COPIES = 30


def honest(score: float) -> list[Told]:
    return [Told(score, 20 + number, source=f"honest-{number}") for number in range(3)]


def flood(score: float, **told: Any) -> list[Told]:
    """Two sources that take turns; `told` says what they have in common."""
    names = told.pop("names", ("loud", "loud"))
    return [Told(score, 1 + number / COPIES, source=names[number % 2], **told) for number in range(COPIES)]


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"names": ("loud", "LOUD")},
        {"names": ("loud-news", "loud-wire"), "fields": {"owner": "loud-group"}},
        {"names": ("loud-news", "loud-group"), "fields": {"owner": "loud-group"}},
    ],
    ids=["one source", "one name in two spellings", "two sources of one owner", "the owner's own source"],
)
def test_thirty_articles_of_one_owner_outweigh_no_three_others(
    empty_redis: RedisServer, source: dict[str, Any]
) -> None:
    before = decided_on(empty_redis, honest(-0.9), "aggregate")
    assert (before.enters, before.leaves) == (False, True)
    after = decided_on(empty_redis, [*honest(-0.9), *flood(0.95, **source)], "aggregate")
    assert not after.enters
    assert after.row["sentiment_aggregate"] == pytest.approx(0.025, abs=0.01)

    # Nor do they end a trade against the others.
    assert decided_on(empty_redis, honest(0.9), "aggregate").enters
    assert not decided_on(empty_redis, [*honest(0.9), *flood(-0.95, **source)], "aggregate").leaves


def test_a_source_that_is_alone_counts_as_it_always_did(empty_redis: RedisServer) -> None:
    assert decided_on(empty_redis, flood(0.95), "aggregate").enters
    assert decided_on(empty_redis, flood(-0.95), "aggregate").leaves


def test_one_strong_report_is_not_weakened_by_its_source_s_many_others(empty_redis: RedisServer) -> None:
    alone = decided_on(empty_redis, [*honest(0.1), Told(-0.95, 1, source="loud")], "aggregate")
    many = decided_on(empty_redis, [*honest(0.1), *flood(-0.95)], "aggregate")
    assert many.row["sentiment_aggregate"] <= alone.row["sentiment_aggregate"]
