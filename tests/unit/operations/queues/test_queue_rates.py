from __future__ import annotations

import pytest

from services.operations.queues.rates import Rates, oldest_age, oldest_in, rates_between


def test_rates_are_what_was_counted_between_two_looks_over_their_distance() -> None:
    before = {"news": (10, 4)}
    after = {"news": (30, 5), "signals": (4, 0)}
    assert rates_between(before, after, 2.0, ["news", "signals", "candles"]) == {
        "news": Rates(10.0, 0.5),
        "signals": Rates(2.0, 0.0),
        "candles": Rates(0.0, 0.0),
    }


COUNTS = [(600.0, 0), (660.0, 3), (720.0, 3), (780.0, 10)]


@pytest.mark.parametrize(
    ("waiting", "age"),
    [(1, 60.0), (7, 60.0), (8, 180.0), (10, 180.0), (0, None), (11, None)],
)
def test_the_oldest_message_came_when_all_but_those_that_wait_had_been_published(
    waiting: int, age: float | None
) -> None:
    assert oldest_age(COUNTS, waiting) == age
    assert oldest_age(COUNTS[::-1], waiting) == age, "the newest first"


def test_what_came_before_the_first_count_is_as_old_as_that_at_least() -> None:
    assert oldest_age([(600.0, 50), (660.0, 60)], 20) == 60.0


def test_nothing_is_known_without_counts() -> None:
    assert oldest_age([], 5) is None


def test_what_was_published_since_the_last_count_is_in_the_total_already() -> None:
    queue = {
        "name": "raw_news_data",
        "messages": 6,
        "message_stats": {
            "publish": 6,
            "publish_details": {
                "samples": [{"sample": 5, "timestamp": 660_000}, {"sample": 0, "timestamp": 600_000}]
            },
        },
    }

    assert oldest_in([queue, {"name": "never_used"}], 700.0) == {"raw_news_data": 100.0, "never_used": None}


def test_the_age_of_dead_letters_is_not_guessed_for_they_go_in_any_order() -> None:
    samples = [{"sample": 1, "timestamp": 660_000}, {"sample": 0, "timestamp": 600_000}]
    stats = {"publish": 1, "publish_details": {"samples": samples}}

    found = oldest_in([{"name": "raw_news_data.dlq", "messages": 1, "message_stats": stats}], 700.0)

    assert found == {"raw_news_data.dlq": None}
