from __future__ import annotations

from services.notifier.telegram.connection.limits import Limits


def test_a_chat_gets_one_message_a_second_and_delays_no_other_chat() -> None:
    limits = Limits()
    limits.was_sent(1, now=100.0)

    assert limits.turn_in_chat(1, now=100.25) == 0.75
    assert limits.turn_in_chat(2, now=100.25) == 0.0
    assert limits.turn_in_chat(1, now=110.0) == 0.0


def test_a_group_gets_twenty_messages_a_minute() -> None:
    limits = Limits()
    limits.was_sent(-5, now=0.0)

    assert limits.turn_in_chat(-5, now=0.0) == 3.0


def test_all_chats_together_get_thirty_messages_in_any_second() -> None:
    limits = Limits()

    times = [now + limits.turn_in_all(now) for now in (number / 128 for number in range(100))]

    assert times[29] == 29 / 128
    assert all(later - earlier >= 1.0 for earlier, later in zip(times, times[30:], strict=False))


def test_after_a_429_nothing_goes_to_that_chat_until_the_time_is_over() -> None:
    limits = Limits()
    limits.hold_back(1, 17.0, now=10.0)
    limits.hold_back(1, 2.0, now=11.0)  # a shorter one does not shorten the longer one

    assert limits.held_back(1, now=20.0) == 7.0
    assert limits.held_back(1, now=28.0) == 0.0
    assert limits.held_back(2, now=20.0) == 0.0
