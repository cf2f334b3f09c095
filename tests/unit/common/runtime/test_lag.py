from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.common.runtime.lag import LOOKS, Lag, lag_of


def sample(name: str, service: str) -> float:
    return REGISTRY.get_sample_value(name, {"service": service}) or 0.0


@pytest.mark.parametrize(
    ("ages", "seconds"),
    [
        ([], 0.0),
        ([900.0] * (LOOKS - 1), 0.0),
        ([900.0] * LOOKS, 900.0),
        ([0.1] + [900.0] * LOOKS, 900.0),
        ([900.0] * LOOKS + [0.1], 0.1),
        ([900.0] * (LOOKS - 1) + [3.0], 3.0),
        ([-5.0] * LOOKS, 0.0),
    ],
)
def test_the_youngest_of_the_last_messages_says_how_far_behind_it_is(
    ages: list[float], seconds: float
) -> None:
    assert lag_of(ages) == seconds


def test_a_lag_beyond_the_limit_is_counted_told_once_shown_and_told_when_over() -> None:
    lag = Lag("tested", 60.0, what="letters are read when they are", advice="read faster")
    with capture_logs() as logs:
        for age in (61.0,) * (2 * LOOKS):
            lag.note(age)
        assert lag.is_long
        health = lag.health()
        lag.note(60.0)
        assert not lag.is_long
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("lag_is_long", "warning"),
        ("lag_is_short_again", "info"),
    ]
    assert (health.ok, health.required) == (False, False)
    assert health.detail == "letters are read when they are 61 s old (LAG_LIMIT 60); read faster"
    assert sample("cryptoboy_lag_exceeded_total", "tested") == 1
    assert sample("cryptoboy_lag_seconds", "tested") == 60


def test_an_empty_queue_ends_the_lag_and_forgets_what_was_old() -> None:
    lag = Lag("emptied", 60.0, what="", advice="")
    for _ in range(LOOKS):
        lag.note(100.0)
    lag.idle()
    assert not lag.is_long
    assert sample("cryptoboy_lag_seconds", "emptied") == 0
    lag.note(100.0)
    assert lag.health().ok
