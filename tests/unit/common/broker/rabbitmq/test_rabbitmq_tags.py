from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.common.broker.rabbitmq.tags import OpenTags


def _tags(count: int) -> OpenTags:
    tags = OpenTags()
    for tag in range(1, count + 1):
        tags.add(tag)
    return tags


def test_a_row_from_the_start_needs_one_frame() -> None:
    tags = _tags(5)
    assert tags.plan_acks(tags.settle([2, 1, 3])) == (3, [])


def test_what_lies_behind_an_open_delivery_is_acknowledged_by_itself() -> None:
    tags = _tags(5)
    assert tags.plan_acks(tags.settle([1, 3, 5])) == (1, [3, 5])


def test_the_last_ones_need_one_frame() -> None:
    tags = _tags(3)
    tags.settle([2])
    assert tags.plan_acks(tags.settle([1, 3])) == (3, [])


def test_ending_twice_ends_nothing() -> None:
    tags = _tags(3)
    assert tags.settle([2]) == [2]
    assert tags.settle([2, 99]) == []
    assert tags.plan_acks([]) == (None, [])


def test_ending_all_tells_the_last() -> None:
    tags = _tags(3)
    assert tags.settle_all() == 3
    assert tags.settle_all() is None


@given(st.integers(1, 30), st.lists(st.sets(st.integers(1, 30)), max_size=8))
def test_exactly_the_ended_deliveries_are_acknowledged(count: int, rounds: list[set[int]]) -> None:
    tags = _tags(count)
    at_the_server = set(range(1, count + 1))  # not acknowledged there
    still_open = set(at_the_server)
    for wanted in rounds:
        plan = tags.plan_acks(tags.settle(wanted))
        still_open -= wanted
        if plan.up_to is not None:
            at_the_server -= set(range(1, plan.up_to + 1))
        at_the_server -= set(plan.singly)
        assert at_the_server == still_open
