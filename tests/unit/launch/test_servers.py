"""Servers that are not there are told, and what to do about it, on a clock that the test moves."""

from __future__ import annotations

import socket

from services.common.settings.settings import BrokerKind, Settings
from services.launch.servers import MissingServers, Server, servers_of, why_away
from services.operations.connections import broker_hint, store_hint

SERVERS = {"broker": Server("RabbitMQ", "localhost", 5672), "redis": Server("Redis", "cache", 6379)}


def test_a_missing_server_is_told_after_ten_seconds_and_again_each_minute() -> None:
    told: list[str] = []
    missing = MissingServers(SERVERS, told.append, lambda _: "Connection refused")
    times: list[int] = []
    for second in range(0, 140, 2):
        missing.look({"broker", "exchange"}, 1000.0 + second)
        if len(told) > len(times):
            times.append(second)
    assert times == [10, 70, 130]
    assert told[0].startswith("RabbitMQ is not there (localhost:5672: Connection refused). ")
    assert "`docker compose up -d`" in told[0]
    assert "--broker embedded" in told[0]


def test_a_server_that_is_back_is_not_told_and_the_next_time_it_lasts_ten_seconds_again() -> None:
    told: list[str] = []
    missing = MissingServers(SERVERS, told.append, lambda _: "away")
    for second, down in ((0, {"redis"}), (9, set[str]()), (11, {"redis"}), (20, {"redis"})):
        missing.look(down, float(second))
    assert told == []
    missing.look({"redis"}, 21.0)
    assert [line.partition(" ")[0] for line in told] == ["Redis"]


def test_a_server_that_accepts_connections_is_not_called_missing() -> None:
    told: list[str] = []
    missing = MissingServers(SERVERS, told.append, lambda _: "")
    missing.look({"broker"}, 0.0)
    missing.look({"broker"}, 60.0)
    assert told == []


def test_a_host_that_can_be_no_name_is_told_and_ends_nothing() -> None:
    told: list[str] = []
    servers = {
        "broker": Server("RabbitMQ", "rabbit..example", 5672),
        "redis": Server("Redis", "r" * 64, 6379),
    }
    missing = MissingServers(servers, told.append)
    missing.look({"broker", "redis"}, 0.0)
    missing.look({"broker", "redis"}, 60.0)
    assert ["label" in line for line in told] == [True, True]


def test_why_a_server_is_away_is_what_the_system_says() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        here = Server("RabbitMQ", "127.0.0.1", listener.getsockname()[1])
        assert why_away(here) == "Connection refused"
        listener.listen()
        assert why_away(here) == ""


def test_embedded_parts_are_no_servers_of_others() -> None:
    assert servers_of(Settings(broker=BrokerKind.EMBEDDED)) == {}
    assert servers_of(Settings(broker=BrokerKind.RABBITMQ, rabbitmq_host="mq"))["broker"].host == "mq"


def test_only_what_up_starts_is_said_to_be_started_by_it() -> None:
    embedded, others = Settings(broker=BrokerKind.EMBEDDED), Settings(broker=BrokerKind.RABBITMQ)
    for hint in (broker_hint, store_hint):
        assert "./cryptoboy up starts" in hint(embedded)
        assert "./cryptoboy up starts" not in hint(others)
        assert "docker compose up -d starts" in hint(others)
