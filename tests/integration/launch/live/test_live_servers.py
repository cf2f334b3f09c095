"""Whether a real Redis and a real RabbitMQ let in whoever comes."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pydantic import SecretStr

from services.common.settings.settings import BrokerKind, Settings
from services.launch.live.findings import Severity
from services.launch.live.servers import rabbitmq_findings, redis_findings
from tests.support.broker.rabbitmq_management import Management
from tests.support.servers.servers import RabbitServer, RedisServer

pytestmark = pytest.mark.integration


def test_a_redis_without_a_password_is_a_fault_whatever_the_settings_say(redis_settings: Settings) -> None:
    (first, second) = redis_findings(redis_settings.changed(redis_password=None))
    assert "REDIS_PASSWORD is not set" in first.text
    assert "lets in clients without a password" in second.text
    (only,) = redis_findings(redis_settings.changed(redis_password=SecretStr("given-in-vain")))
    assert (only.severity, "lets in clients" in only.text) == (Severity.FAULT, True)


@pytest.mark.parametrize("rights", ["off", "resetpass +@all ~*", "nopass -@all"])
def test_a_redis_that_refuses_strangers_is_none(
    redis_server: RedisServer, redis_settings: Settings, rights: str
) -> None:
    operator: Any = redis.Redis(redis_server.host, redis_server.port)
    operator.execute_command("ACL", "SETUSER", "back", "on", ">back-again", "~*", "&*", "+@all")
    try:
        operator.execute_command("ACL", "SETUSER", "default", "reset", "on", *rights.split())
        assert redis_findings(redis_settings.changed(redis_password=SecretStr("secret"))) == []
    finally:
        back: Any = redis.Redis(redis_server.host, redis_server.port, username="back", password="back-again")
        back.execute_command("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all")
        operator.execute_command("ACL", "DELUSER", "back")
        back.close()
        operator.close()


def test_a_password_of_redis_that_everybody_knows_is_a_fault(redis_settings: Settings) -> None:
    away = redis_settings.changed(redis_port=1, redis_password=SecretStr("cryptoboy123"))
    assert [each.severity for each in redis_findings(away)] == [Severity.FAULT, Severity.NOTE]


def test_servers_that_are_away_are_told_of_and_stop_nothing(redis_settings: Settings) -> None:
    away = redis_settings.changed(
        redis_port=1, rabbitmq_port=1, broker=BrokerKind.RABBITMQ, redis_password=SecretStr("x"),
        rabbitmq_pass=SecretStr("our own"),
    )  # fmt: skip
    found = [*redis_findings(away), *rabbitmq_findings(away)]
    assert [each.severity for each in found] == [Severity.NOTE, Severity.NOTE]


def test_a_users_password_that_everybody_knows_is_a_fault(rabbitmq: RabbitServer) -> None:
    settings = Settings(
        broker=BrokerKind.RABBITMQ,
        rabbitmq_host=rabbitmq.host,
        rabbitmq_port=rabbitmq.port,
        rabbitmq_user="mine",
    )
    for password in ("guest", "cryptoboy123", "mine"):
        found = rabbitmq_findings(settings.changed(rabbitmq_pass=SecretStr(password)))
        assert any("password for development" in each.text for each in found)
    assert not any(
        "password for development" in each.text
        for each in rabbitmq_findings(settings.changed(rabbitmq_pass=SecretStr("my own")))
    )


def test_a_default_user_that_the_server_still_lets_in_is_a_fault(rabbitmq: RabbitServer) -> None:
    settings = Settings(
        broker=BrokerKind.RABBITMQ, rabbitmq_host=rabbitmq.host, rabbitmq_port=rabbitmq.port,
        rabbitmq_pass=SecretStr("my own"),
    )  # fmt: skip
    with Management(rabbitmq) as management:
        assert not any("the user guest" in each.text for each in rabbitmq_findings(settings))
        management.create_user("guest", "guest")
        try:
            management.allow("/", "guest", "", "", "")
            found = rabbitmq_findings(settings)
        finally:
            management.delete_user("guest")
    assert any("lets in the user guest" in each.text for each in found)


def test_where_nothing_says_that_rabbitmq_is_used_it_is_not_asked() -> None:
    assert rabbitmq_findings(Settings()) == rabbitmq_findings(Settings(broker=BrokerKind.EMBEDDED)) == []
