from __future__ import annotations

import pytest

from services.data_ingestor.news.turns.schedule import next_poll


def test_a_source_that_answers_is_polled_at_the_interval_with_a_little_jitter() -> None:
    assert next_poll(300, None, None, 0.0) == 300
    assert next_poll(300, None, None, 0.5) == pytest.approx(315)


def failing(interval: float, seconds: float, random: float = 0.0) -> list[float]:
    """The pauses of a source that fails for so long."""
    passed, pauses = 0.0, []
    while passed < seconds:
        pauses.append(next_poll(interval, passed, None, random))
        passed += pauses[-1]
    return pauses


def test_a_source_that_fails_is_tried_again_soon_and_then_less_and_less_often_but_every_hour() -> None:
    assert failing(300, 15_000) == [*[20] * 6, 300, 420, 840, 1680, 3360, 3600, 3600, 3600]
    assert next_poll(300, 10**9, None, 0.0) == 3600


def test_an_interval_longer_than_an_hour_is_kept() -> None:
    assert next_poll(7200, 10**6, None, 0.0) == 7200


def test_an_interval_shorter_than_soon_is_kept_for_two_minutes() -> None:
    assert failing(10, 121) == [*[10] * 12, 120]


@pytest.mark.parametrize("interval", [0.5, 1, 2, 5, 20, 60, 300])
@pytest.mark.parametrize("random", [0.0, 0.5, 0.99])
def test_after_a_minute_away_a_source_is_read_within_half_a_minute(interval: float, random: float) -> None:
    assert sum(failing(interval, 60, random)) < 60 + 30


def test_the_pause_that_a_server_asks_for_is_never_undercut() -> None:
    assert next_poll(300, 0, 900, 0.0) == 900
    assert next_poll(300, 0, 900, 0.9) > 900
    assert next_poll(300, None, 10, 0.0) == 300
