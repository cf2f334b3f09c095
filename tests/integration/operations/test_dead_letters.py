"""Dead letters listed, replayed and dropped on either broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.common.broker.port import Broker, Delivery
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.errors import NeverWorks
from services.common.runtime.tracing import HEADER_TRACE
from services.common.settings.settings import Settings
from services.operations.dead_letters import DeadLetterBox, Room
from tests.support.broker.dead_letters import BODIES, wait_for_dead_letters, with_dead_letters


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    return chosen


@pytest.fixture
def broker(settings: Settings) -> Iterator[Broker]:
    with with_dead_letters(settings) as opened:
        yield opened


def box(broker: Broker) -> DeadLetterBox:
    return DeadLetterBox(broker, [RAW_NEWS_DATA])


def test_looking_shows_the_reason_of_each_and_changes_nothing(broker: Broker) -> None:
    seen = []
    for _ in range(3):
        with box(broker) as opened:
            seen.append(opened.letters())
        wait_for_dead_letters(broker, 3)
    assert seen[0] == seen[1] == seen[2]
    assert [(letter.id, letter.body) for letter in seen[0][:2]] == [*BODIES.items()][:2]
    assert [letter.reason for letter in seen[0]] == [f"cannot be read: {each.id!r}" for each in seen[0]]


def test_what_is_replayed_comes_back_as_new_with_its_trace_and_the_rest_stays(broker: Broker) -> None:
    with box(broker) as opened:
        nameless = opened.letters()[2].id
        assert opened.replay(frozenset({"one", nameless})) == 2
    wait_for_dead_letters(broker, 1)
    subscription = broker.subscribe(RAW_NEWS_DATA.name, 10)
    back: list[Delivery] = []
    while len(back) < 2:
        back += subscription.receive(10, 5.0)
    assert {delivery.body for delivery in back} == {BODIES["one"], BODIES[""]}
    assert all(delivery.attempts == 0 for delivery in back)
    assert all(delivery.headers[HEADER_TRACE] == delivery.message_id for delivery in back)
    subscription.close()


def test_what_is_dropped_is_gone_and_the_rest_stays(broker: Broker) -> None:
    with box(broker) as opened:
        assert opened.drop(frozenset({"two"})) == 1
    wait_for_dead_letters(broker, 2)
    with box(broker) as opened:
        assert opened.drop(None) == 2
    wait_for_dead_letters(broker, 0)


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_an_id_that_is_not_there_is_named_and_nothing_moves(broker: Broker, action: str) -> None:
    with (
        box(broker) as opened,
        pytest.raises(NeverWorks, match=r"there is no dead letter 'nobody'; .* shows their ids"),
    ):
        getattr(opened, action)(frozenset({"one", "nobody"}))
    wait_for_dead_letters(broker, 3)


def test_no_more_is_received_than_there_is_room_for_and_the_oldest_come_first(settings: Settings) -> None:
    bodies = {f"letter-{number}": b"x" * 1_000 for number in range(7)}
    room = Room(letters=6, bytes=2_500, at_once=2)  # the second portion goes beyond it
    with with_dead_letters(settings, bodies) as broker:
        with DeadLetterBox(broker, [RAW_NEWS_DATA], room) as opened:
            assert [letter.id for letter in opened.letters()] == [*bodies][:4]
            assert opened.drop(None) == 4
        wait_for_dead_letters(broker, 3)
        with DeadLetterBox(broker, [RAW_NEWS_DATA], room) as opened:
            assert {letter.id for letter in opened.letters()} == {*[*bodies][4:]}
