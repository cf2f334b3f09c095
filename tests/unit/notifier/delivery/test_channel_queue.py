from __future__ import annotations

from datetime import timedelta

from services.common.history.notifying.rows import NoticeState
from services.notifier.delivery.digest import Left, digest
from services.notifier.delivery.queue import (
    FLOOD,
    GIVEN_UP_SECONDS,
    QUIET,
    ChannelQueue,
)
from services.notifier.delivery.steps import Escalate, Gather, Send, Settle, Step, Wait
from services.notifier.happening import Importance, Kind
from services.notifier.notice import Notice
from services.notifier.rules.document import ChannelTable
from tests.support.notifier.samples import NOW, notice


def queue(**table: object) -> ChannelQueue:
    return ChannelQueue(ChannelTable(**table), 0.0)


def left(one: Notice, state: NoticeState = NoticeState.DIGESTED) -> Left:
    return Left(one, state, "", NOW)


def settled(step: Step) -> tuple[list[str], NoticeState, str]:
    assert isinstance(step, Settle)
    return [each.event_key for each in step.notices], step.state, step.reason


def escalated(channel: ChannelQueue, now: float) -> tuple[Notice, ...]:
    step = channel.next(now, is_quiet=False)
    assert isinstance(step, Escalate)
    return step.notices


def sent(channel: ChannelQueue, now: float, *, is_quiet: bool = False) -> str | None:
    """Send what is to be sent now, as a channel that accepts it; returns its key."""
    step = channel.next(now, is_quiet=is_quiet)
    if not isinstance(step, Send):
        return None
    channel.remove([step.notice])
    return step.notice.event_key


def test_notices_are_sent_in_their_order_and_urgent_ones_first() -> None:
    channel = queue()
    for key in ("a", "b"):
        channel.put(notice(key), 1.0)
    channel.put(notice("urgent", Importance.URGENT), 2.0)
    assert [sent(channel, 3.0) for _ in range(4)] == ["urgent", "a", "b", None]


def test_what_comes_in_quiet_hours_is_left_for_the_digest_unless_it_is_urgent() -> None:
    channel = queue()
    channel.put(notice("a"), 1.0)
    channel.put(notice("urgent", Importance.URGENT), 1.0)
    assert sent(channel, 2.0, is_quiet=True) == "urgent"
    assert settled(channel.next(2.0, is_quiet=True)) == (["a"], NoticeState.DIGESTED, QUIET)


def test_what_somebody_asked_for_comes_in_quiet_hours_too() -> None:
    channel = queue()
    channel.put(notice("brief", kind=Kind.BRIEF), 1.0)
    assert sent(channel, 2.0, is_quiet=True) == "brief"


def test_a_flood_is_sent_as_far_as_a_minute_allows_and_then_left_at_once() -> None:
    channel = queue(per_minute=3)
    for number in range(1000):
        channel.put(notice(str(number)), 1.0)
    assert [sent(channel, 1.0) for _ in range(3)] == ["0", "1", "2"]
    found = []
    while isinstance(step := channel.next(1.0, is_quiet=False), Settle):
        found.append((len(step.notices), step.state, step.reason))
        channel.remove(step.notices)
    assert found == [(500, NoticeState.DIGESTED, FLOOD), (497, NoticeState.DIGESTED, FLOOD)]


def test_urgent_notices_of_a_flood_have_a_limit_of_their_own() -> None:
    channel = queue(per_minute=1, urgent_per_minute=2)
    for number in range(5):
        channel.put(notice(f"urgent {number}", Importance.URGENT), 1.0)
    channel.put(notice("a"), 1.0)
    assert [sent(channel, 1.0) for _ in range(2)] == ["urgent 0", "urgent 1"]
    assert settled(channel.next(1.0, is_quiet=False))[0] == ["urgent 2", "urgent 3", "urgent 4"]


def test_the_allowance_of_a_minute_comes_back_evenly() -> None:
    channel = queue(per_minute=2)
    for number in range(2):
        channel.put(notice(str(number)), 0.0)
        assert sent(channel, 0.0) == str(number)
    channel.put(notice("later"), 30.0)
    assert sent(channel, 30.0) == "later"


def test_a_digest_is_made_after_its_minutes_and_not_in_quiet_hours() -> None:
    channel = queue(digest_minutes=10)
    channel.leave([left(notice("a"))], 0.0)
    assert isinstance(channel.next(599.0, is_quiet=False), Wait)
    assert isinstance(channel.next(600.0, is_quiet=True), Wait)
    assert channel.next(600.0, is_quiet=False) == Gather((left(notice("a")),))


def test_a_digest_with_something_urgent_is_made_within_a_minute_even_in_quiet_hours() -> None:
    channel = queue(digest_minutes=10)
    channel.leave([left(notice("a", Importance.URGENT))], 0.0)
    assert isinstance(channel.next(59.0, is_quiet=True), Wait)
    assert isinstance(channel.next(60.0, is_quiet=True), Gather)


def test_of_a_flood_while_a_channel_is_away_only_a_thousand_wait_and_the_urgent_ones_among_them() -> None:
    channel = queue()
    for number in range(1600):
        channel.put(notice(str(number)), 1.0)
    channel.put(notice("urgent", Importance.URGENT), 2.0)
    channel.failed("away", 2.0, after=60)
    for _ in range(2):
        step = channel.next(2.0, is_quiet=False)
        assert isinstance(step, Settle)
        assert step.state is NoticeState.DIGESTED
        channel.remove(step.notices)
    assert isinstance(channel.next(2.0, is_quiet=False), Wait)
    waiting = [each.notice.event_key for each in channel.pending]
    assert len(waiting) == 1000
    assert "urgent" in waiting


def test_what_had_passed_before_quiet_hours_and_was_not_taken_waits_for_their_end() -> None:
    channel = queue()
    channel.put(notice("a"), 1.0)
    assert isinstance(channel.next(1.0, is_quiet=False), Send)
    channel.failed("429", 1.0, after=10)
    assert settled(channel.next(12.0, is_quiet=True)) == (["a"], NoticeState.DIGESTED, QUIET)


def test_what_may_have_arrived_is_said_at_once() -> None:
    channel = queue()
    channel.leave([left(notice("a"), NoticeState.UNSURE)], 0.0)
    assert isinstance(channel.next(0.0, is_quiet=False), Gather)


def test_a_digest_that_failed_is_told_once_more_after_the_usual_minutes_with_what_it_said() -> None:
    channel = queue(digest_minutes=10)
    first = digest("phone", [left(notice("a"), NoticeState.UNSURE)], NOW)
    channel.leave([left(first, NoticeState.UNSURE)], 0.0)
    assert isinstance(channel.next(599.0, is_quiet=False), Wait)
    step = channel.next(600.0, is_quiet=False)
    assert isinstance(step, Gather)
    second = digest("phone", step.left, NOW)
    assert "  - Title of a" in second.message.lines
    channel.gathered(second, step.left, 600.0)
    assert sent(channel, 600.0) == second.event_key
    channel.leave([left(second, NoticeState.UNSURE)], 600.0)
    assert isinstance(channel.next(100_000.0, is_quiet=False), Wait)
    channel.leave([left(notice("b"), NoticeState.UNSURE)], 100_001.0)
    assert channel.next(100_001.0, is_quiet=False) == Gather(
        (left(second, NoticeState.UNSURE), left(notice("b"), NoticeState.UNSURE))
    )


def test_each_urgent_notice_that_was_left_is_named_in_as_many_digests_as_that_takes() -> None:
    channel, named = queue(), []
    channel.leave([left(notice(f"urgent {number:03}", Importance.URGENT)) for number in range(200)], 0.0)
    while isinstance(step := channel.next(60.0, is_quiet=True), Gather):
        one = digest("phone", step.left, NOW)
        assert len("\n".join(one.message.lines)) < 2000
        named += [line for line in one.message.lines if line.startswith("- Title")]
        channel.gathered(one, step.left, 60.0)
        assert sent(channel, 60.0, is_quiet=True) == one.event_key
    assert named == [f"- Title of urgent {number:03}" for number in range(200)]


def test_a_digest_is_not_left_for_another_digest_and_never_given_up() -> None:
    channel = queue(per_minute=1)
    one = digest("phone", [left(notice("a"))], NOW)
    channel.gathered(one, (), 0.0)
    assert sent(channel, 2 * GIVEN_UP_SECONDS, is_quiet=True) == one.event_key


def test_what_could_not_be_told_within_an_hour_is_dropped_with_the_reason() -> None:
    channel = queue()
    channel.put(notice("a", Importance.URGENT), 0.0)
    assert sent(channel, 0.0) == "a"
    channel.put(notice("b"), 0.0)
    channel.failed("phone answered 429", 0.0, after=None)
    assert isinstance(channel.next(0.5, is_quiet=False), Wait)
    step = settled(channel.next(GIVEN_UP_SECONDS, is_quiet=False))
    assert step == (["b"], NoticeState.DROPPED, "for an hour: phone answered 429")


def test_the_hour_goes_on_after_a_restart() -> None:
    channel = queue()
    channel.put(notice("a"), 0.0, age=GIVEN_UP_SECONDS - 10)
    channel.failed("away", 0.0, after=20)
    assert isinstance(channel.next(9.0, is_quiet=False), Wait)
    assert settled(channel.next(10.0, is_quiet=False))[1] is NoticeState.DROPPED


def test_a_channel_that_asks_for_a_wait_is_left_alone_for_so_long() -> None:
    channel = queue()
    channel.put(notice("a"), 0.0)
    assert isinstance(channel.next(0.0, is_quiet=False), Send)
    channel.failed("429", 0.0, after=25)
    assert isinstance(channel.next(24.9, is_quiet=False), Wait)
    assert sent(channel, 25.0) == "a"


def test_ten_minutes_of_429_lose_nothing_that_is_urgent() -> None:
    channel = queue(per_minute=5)
    now, told, digested = 0.0, [], []
    for number in range(60):  # one in ten is urgent
        importance = Importance.URGENT if number % 10 == 0 else Importance.NOTABLE
        channel.put(notice(str(number), importance), now)
        now += 10.0
        if isinstance(channel.next(now, is_quiet=False), Send):
            channel.failed("429", now, after=30)
    while channel.pending:
        now += 1.0
        step = channel.next(now, is_quiet=False)
        if isinstance(step, Send):
            told.append(step.notice.event_key)
            channel.succeeded()
            channel.remove([step.notice])
        elif isinstance(step, Settle):
            assert step.state is NoticeState.DIGESTED
            digested += [each.event_key for each in step.notices]
            channel.remove(step.notices)
    assert {"0", "10", "20", "30", "40", "50"} <= set(told)
    assert sorted(told + digested, key=int) == [str(number) for number in range(60)]


def test_urgent_notices_go_to_another_channel_once_if_this_one_fails_for_long() -> None:
    channel = queue(escalate_to="mail", escalate_after_seconds=120)
    channel.put(notice("a"), 0.0)
    channel.put(notice("urgent", Importance.URGENT), 0.0)
    channel.failed("away", 0.0, after=None)
    assert not isinstance(channel.next(119.0, is_quiet=False), Escalate)
    (one,) = escalated(channel, 120.0)
    assert one.event_key == "urgent"
    channel.escalated(one)
    assert not isinstance(channel.next(121.0, is_quiet=False), Escalate)


def test_a_channel_that_refuses_for_good_escalates_at_once() -> None:
    channel = queue(escalate_to="mail")
    channel.put(notice("urgent", Importance.URGENT), 0.0)
    channel.failed("the chat has blocked the bot", 0.0, after=600, is_refused=True)
    assert [each.event_key for each in escalated(channel, 0.0)] == ["urgent"]


def test_an_urgent_notice_without_an_answer_goes_to_another_channel_at_once() -> None:
    channel = queue(escalate_to="mail")
    for key, importance in (("a", Importance.NOTABLE), ("urgent", Importance.URGENT)):
        channel.put(notice(key, importance), 0.0)
        channel.not_confirmed(notice(key, importance))
    (one,) = escalated(channel, 0.0)
    assert one.event_key == "urgent"
    channel.escalated(one)
    assert isinstance(channel.next(0.0, is_quiet=False), Send)


def test_urgent_notices_are_passed_on_in_time_although_the_channel_is_left_alone_for_longer() -> None:
    channel = queue(escalate_to="mail", escalate_after_seconds=20)
    channel.failed("429", 0.0, after=600)
    channel.put(notice("urgent", Importance.URGENT), 5.0)
    assert channel.next(5.0, is_quiet=False) == Wait(15.0)
    assert [each.event_key for each in escalated(channel, 20.0)] == ["urgent"]


def test_a_digest_says_what_was_left_and_why() -> None:
    later = NOW + timedelta(minutes=5)
    one = digest(
        "phone",
        [
            Left(notice("lost"), NoticeState.DROPPED, "for an hour: away", NOW),
            Left(notice("maybe", Importance.URGENT), NoticeState.UNSURE, "", later),
            *(left(notice(f"story {number:02}")) for number in range(15)),
        ],
        later,
    )
    assert one.message.title == "17 notices from 2026-11-20 12:00 UTC to 2026-11-20 12:05 UTC"
    assert one.importance is Importance.URGENT
    lines = one.message.lines
    assert lines[:4] == (
        "May have arrived or not, so it is not sent again (1):",
        "- Title of maybe",
        "Could not be told (1):",
        "- Title of lost",
    )
    assert lines[4] == "Not told one by one (15):"
    assert lines[-2:] == ("- Title of story 11", "- and more: 3 story")
