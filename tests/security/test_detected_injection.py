"""Attack: an article in which an injection was detected, or that weighs nothing, decides on trades all the same.

The attacker writes an article with instructions to the model, and the model obeys: it answers as he wishes. Or he runs
a source to which the operator gave no weight, or his article is one about which the scorer is hardly sure. None of
these may open a trade; the first two may not end one either; and none may hide an exit that honest news demands, or a
warning that keeps an entry from being made. Articles go through scoring, a real Redis and the strategy as Freqtrade
loads it.
"""

from __future__ import annotations

import pytest

from tests.support.servers.servers import RedisServer
from tests.support.strategy.signal_world import INSTRUCTION, Told, decided_on

pytestmark = pytest.mark.usefixtures("no_strategy_variables")
HONEST_SOURCE = "the-wire"


@pytest.fixture(params=["newest", "aggregate"])
def sentiment_from(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def honest(score: float, minutes: float) -> Told:
    return Told(score, minutes, source=HONEST_SOURCE)


def suspected(score: float, minutes: float) -> Told:
    return Told(score, minutes, text=INSTRUCTION)


def weightless(score: float, minutes: float) -> Told:
    return Told(score, minutes, fields={"weight": 0.0})


def unsure(score: float, minutes: float) -> Told:
    return Told(score, minutes, confidence=0.0001)


ATTACKS = [suspected, weightless, unsure]
DOUBTFUL = [suspected, weightless]


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_opens_no_trade(empty_redis: RedisServer, sentiment_from: str, attack: type[Told]) -> None:
    assert decided_on(empty_redis, [honest(0.95, 5)], sentiment_from).enters
    for score in (0.75, 0.95):
        assert not decided_on(empty_redis, [attack(score, 5)], sentiment_from).enters
        assert not decided_on(empty_redis, [honest(0.1, 20), attack(score, 5)], sentiment_from).enters


@pytest.mark.parametrize("attack", DOUBTFUL)
def test_it_ends_no_trade(empty_redis: RedisServer, sentiment_from: str, attack: type[Told]) -> None:
    assert decided_on(empty_redis, [honest(-0.95, 5)], sentiment_from).leaves
    assert not decided_on(empty_redis, [attack(-0.95, 5)], sentiment_from).leaves
    assert not decided_on(empty_redis, [honest(0.1, 20), attack(-0.95, 5)], sentiment_from).leaves


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_hides_no_exit(empty_redis: RedisServer, sentiment_from: str, attack: type[Told]) -> None:
    warning = honest(-0.95, 20)
    flood = [attack(0.95, minutes) for minutes in (10, 8, 6, 4, 2)]
    found = decided_on(empty_redis, [warning, *flood], sentiment_from)
    assert (found.enters, found.leaves) == (False, True)
    if attack is not unsure:
        assert found.shown == "0"  # who reads the hash sees the honest one too


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_makes_no_entry_possible_by_hiding_a_warning(
    empty_redis: RedisServer, sentiment_from: str, attack: type[Told]
) -> None:
    warnings = [honest(-0.95, 10), suspected(-0.95, 10)]
    if sentiment_from == "newest":  # in a sum a weight of 0 is nothing
        warnings.append(weightless(-0.95, 10))
    for warning in warnings:
        assert not decided_on(
            empty_redis, [honest(0.95, 20), warning, attack(0.95, 2)], sentiment_from
        ).enters


@pytest.mark.parametrize("attack", DOUBTFUL)
def test_it_takes_no_honest_entry_away_where_it_says_the_same_or_is_older(
    empty_redis: RedisServer, sentiment_from: str, attack: type[Told]
) -> None:
    assert decided_on(empty_redis, [honest(0.95, 20), attack(0.95, 5)], sentiment_from).enters
    if sentiment_from == "newest":
        assert decided_on(empty_redis, [attack(-0.95, 20), honest(0.95, 5)], sentiment_from).enters


@pytest.mark.parametrize("attack", DOUBTFUL)
def test_it_says_that_it_is_doubtful_where_there_is_nothing_else(
    empty_redis: RedisServer, sentiment_from: str, attack: type[Told]
) -> None:
    row = decided_on(empty_redis, [attack(0.95, 5)], sentiment_from).row
    assert (row["sentiment_status"], row["sentiment_aggregate_status"]) == ("doubtful", "doubtful")
    assert row["sentiment_article_id"] == "0"
