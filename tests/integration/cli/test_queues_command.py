"""`./cryptoboy queues` and its dead letters, on either broker."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE, RAW_NEWS_DATA
from services.common.clock import SystemClock
from services.common.settings.settings import PROJECT_ROOT, BrokerKind, Settings
from tests.support.broker.dead_letters import BODIES, wait_for_dead_letters, with_dead_letters
from tests.support.commands import answer, printed, refusal
from tests.support.waiting import eventually


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    return chosen


@pytest.fixture
def broker(settings: Settings) -> Iterator[Broker]:
    with with_dead_letters(settings) as opened:
        yield opened


def as_a_process(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli", "queues", *arguments],
        env={**os.environ, **settings.environment()},
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_rates_of_the_embedded_broker_are_seen_while_messages_flow(
    settings: Settings, broker: Broker
) -> None:
    seen = threading.Event()

    def flow() -> None:
        with closing(open_broker(settings, SystemClock())) as opened:
            opened.start()
            subscription = opened.subscribe(RAW_NEWS_DATA.name, 10)
            while not seen.is_set():
                opened.publish([OutgoingMessage(NEWS_ARTICLE, b"{}", "n")])
                subscription.ack(subscription.receive(10, 0.0))

    rows: dict[str, Any] = {}

    def both_ways() -> bool:
        rows.update({row["name"]: row for row in answer(settings, "queues")})
        news = rows["raw_news_data"]
        return bool(news["incoming_per_second"] > 0 and news["outgoing_per_second"] > 0)

    flowing = threading.Thread(target=flow)
    flowing.start()
    try:
        eventually(both_ways, "a second is seen in which messages flow")
    finally:
        seen.set()
        flowing.join()
    signals = rows["sentiment_signals_queue"]
    assert (signals["incoming_per_second"], signals["outgoing_per_second"]) == (0.0, 0.0)


def ready(broker: Broker, name: str) -> int:
    return sum(state.ready for state in broker.queues() if state.name == name)


def test_dead_letters_are_listed_shown_replayed_and_dropped_and_none_is_lost_on_the_way(
    settings: Settings, broker: Broker
) -> None:
    letters = answer(settings, "queues", "dlq", "list", "--queue", "raw_news_data")
    assert [letter["id"] for letter in letters[:2]] == ["one", "two"]
    assert letters[0]["bytes"] == len(BODIES["one"])

    wait_for_dead_letters(broker, 3)
    shown = answer(settings, "queues", "dlq", "show", "one")
    assert shown["body"] == BODIES["one"].decode()
    wait_for_dead_letters(broker, 3)
    assert "\x1b" not in as_a_process(settings, "dlq", "show", "one").stdout

    wait_for_dead_letters(broker, 3)
    assert answer(settings, "queues", "dlq", "replay", "one", letters[2]["id"]) == {"replayed": 2}
    assert ready(broker, RAW_NEWS_DATA.name) == 2
    wait_for_dead_letters(broker, 1)

    refused = as_a_process(settings, "dlq", "drop", "two")
    assert refused.returncode != 0
    assert "--yes" in refused.stderr
    assert answer(settings, "queues", "dlq", "drop", "--all", "--yes") == {"dropped": 1}
    assert ready(broker, RAW_NEWS_DATA.dead_letter_name) == 0
    assert printed(settings, "queues", "dlq", "list") == "No dead letters.\n"


def test_an_id_or_a_queue_that_is_not_there_is_named_and_nothing_moves(
    settings: Settings, broker: Broker
) -> None:
    for arguments, complaint in (
        (("replay", "nobody"), "there is no dead letter 'nobody'"),
        (("list", "--queue", "nowhere"), "choose from raw_news_data, sentiment_signals_queue"),
        (("replay",), "name the ids of messages, or say --all"),
        (("drop", "one", "--all", "--yes"), "name the ids of messages, or say --all"),
    ):
        assert complaint in refusal(settings, "queues", "dlq", *arguments)
        wait_for_dead_letters(broker, len(BODIES))


def test_queues_shows_depth_consumers_and_age(settings: Settings, broker: Broker) -> None:
    states: dict[str, Any] = {}
    nothing_in_hand = {0} if settings.broker is BrokerKind.EMBEDDED else {0, None}

    def looked() -> bool:
        states.update({state["name"]: state for state in answer(settings, "queues")})
        return states[RAW_NEWS_DATA.name]["unacknowledged"] in nothing_in_hand

    # RabbitMQ's statistics come some seconds late: in them, messages may be in hand that were given up since.
    eventually(looked, "nothing is in hand")
    assert states[RAW_NEWS_DATA.dead_letter_name]["ready"] == len(BODIES)
    assert states[RAW_NEWS_DATA.name]["ready"] == 0
    oldest = states[RAW_NEWS_DATA.dead_letter_name]["oldest_seconds"]
    if settings.broker is BrokerKind.EMBEDDED or oldest is not None:
        assert 0 <= oldest <= 3600
    assert "raw_news_data.dlq" in printed(settings, "queues")
    assert broker.health().ok
