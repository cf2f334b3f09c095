from __future__ import annotations

import pytest

from services.data_ingestor.news_schedule import SOON_TRIES, next_poll, next_publish


def test_a_source_that_answers_is_polled_at_the_interval_with_a_little_jitter() -> None:
    assert next_poll(300, 0, None, 0.0) == 300
    assert next_poll(300, 0, None, 0.5) == pytest.approx(315)


def test_a_source_that_fails_is_tried_again_soon_and_then_less_and_less_often_but_every_hour() -> None:
    pauses = [next_poll(300, failures, None, 0.0) for failures in range(1, SOON_TRIES + 7)]
    assert pauses == [20] * SOON_TRIES + [300, 600, 1200, 2400, 3600, 3600]
    assert next_poll(300, 10**6, None, 0.0) == 3600


def test_an_interval_longer_than_an_hour_is_kept() -> None:
    assert next_poll(7200, SOON_TRIES + 5, None, 0.0) == 7200


def test_an_interval_shorter_than_soon_is_kept() -> None:
    assert [next_poll(2, failures, None, 0.0) for failures in (0, 1, SOON_TRIES)] == [2, 2, 2]


@pytest.mark.parametrize("interval", [1, 20, 300])
def test_after_a_minute_away_a_source_is_read_within_half_a_minute(interval: float) -> None:
    failed, failures = 0.0, 1
    while failed < 60:
        failed += next_poll(interval, failures, None, 0.99)
        failures += 1
    assert failed < 90


def test_the_pause_that_a_server_asks_for_is_never_undercut() -> None:
    assert next_poll(300, 1, 900, 0.0) == 900
    assert next_poll(300, 1, 900, 0.9) > 900
    assert next_poll(300, 0, 10, 0.0) == 300


def test_the_broker_is_tried_again_soon_and_then_less_often() -> None:
    assert [next_publish(failures, None) for failures in range(1, 8)] == [1, 2, 4, 8, 8, 8, 8]
    assert next_publish(1, 20) == 20
