from __future__ import annotations

import pytest

from services.common.store.redis.eviction import eviction_problem


def test_a_redis_that_refuses_writes_when_it_is_full_is_right() -> None:
    assert eviction_problem("noeviction", 0) is None
    assert eviction_problem("noeviction", 3600) is None


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-lrm"])
def test_one_that_throws_away_any_key_may_lose_a_pause(policy: str) -> None:
    problem = eviction_problem(policy, 0) or ""
    assert policy in problem
    assert "paused" in problem
    assert "CONFIG SET maxmemory-policy noeviction" in problem


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"])
def test_one_that_throws_away_what_expires_may_lose_signals(policy: str) -> None:
    assert "SIGNAL_CACHE_TTL=60 all signals" in (eviction_problem(policy, 60) or "")
    assert "were written with a SIGNAL_CACHE_TTL" in (eviction_problem(policy, 0) or "")


def test_one_that_does_not_tell_is_to_be_looked_at() -> None:
    assert "+info" in (eviction_problem(None, 0) or "")
