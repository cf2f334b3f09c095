from __future__ import annotations

from services.common.broker.backoff import Backoff


def test_pauses_double_up_to_the_longest_and_are_jittered_downwards() -> None:
    backoff = Backoff(1.0, 5.0)
    for whole in (1.0, 2.0, 4.0, 5.0, 5.0):
        assert whole / 2 <= backoff.next_pause() <= whole


def test_after_a_success_pauses_are_short_again() -> None:
    backoff = Backoff(1.0, 5.0)
    for _ in range(5):
        backoff.next_pause()
    backoff.reset()
    assert backoff.next_pause() <= 1.0
