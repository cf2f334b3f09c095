from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest

from services.cli.deploy import DEFINITIONS_FILE
from services.common.broker.rabbitmq.definitions import definitions
from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.broker.rabbitmq.users import BROKER_USERS, OURS, exactly, password_hash
from services.common.settings.settings import Settings

HASHES = {user.name: password_hash(f"secret of {user.name}", b"salt") for user in BROKER_USERS}


def with_users() -> dict[str, Any]:
    return definitions("trading", 10, HASHES)


def test_without_hashes_the_definitions_name_no_user_and_no_right() -> None:
    rendered = definitions("trading", 10)
    assert set(rendered) == {"vhosts", "policies", "exchanges", "queues", "bindings"}


def test_everything_is_in_the_one_vhost() -> None:
    rendered = with_users()
    assert rendered["vhosts"] == [{"name": "trading"}]
    entries = [entry for name, part in rendered.items() if name not in {"vhosts", "users"} for entry in part]
    assert {entry["vhost"] for entry in entries} == {"trading"}


def test_the_committed_file_is_what_the_topology_says_and_holds_no_secret() -> None:
    defaults = Settings.load({})
    committed = json.loads(DEFINITIONS_FILE.read_text())
    assert committed == definitions(defaults.rabbitmq_vhost, defaults.queue_max_length)
    assert "password" not in DEFINITIONS_FILE.read_text()


def test_a_password_is_salted_and_hashed_as_rabbitmq_documents_it() -> None:
    # The worked example of https://www.rabbitmq.com/docs/passwords#computing-password-hash: "test12".
    salt = bytes.fromhex("908DC60A")
    hashed = password_hash("test12", salt)
    assert base64.b64decode(hashed) == salt + hashlib.sha256(salt + b"test12").digest()
    assert hashed == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    with pytest.raises(ValueError, match="4 bytes"):
        password_hash("test12", b"too long a salt")


def test_nobody_may_configure_and_nobody_may_publish_past_the_exchanges() -> None:
    rights = with_users()["permissions"]
    assert {each["user"] for each in rights} == {user.name for user in BROKER_USERS}
    assert {each["configure"] for each in rights} == {"^$"}
    # Publishing straight to a queue goes through the exchange without a name, which RabbitMQ knows as this.
    assert not any(re.search(each["write"], "amq.default") for each in rights)
    queues = [queue.name for queue in rabbitmq_topology(10).queues]
    assert not any(re.search(each["write"], queue) for each in rights for queue in queues)


def test_a_right_holds_for_the_names_it_gives_and_for_none_that_contain_them() -> None:
    pattern = exactly(["raw_news_data", "cryptoboy.events"])
    assert re.search(pattern, "raw_news_data")
    for other in (
        "raw_news_data.dlq",
        "my_raw_news_data",
        "cryptoboyXevents",
        "raw_news_datacryptoboy.events",
        "",
    ):
        assert not re.search(pattern, other)
    assert not re.search(exactly([]), "anything")


def test_who_publishes_has_routing_keys_of_its_own_on_the_topic_exchange() -> None:
    keys = {each["user"]: each["write"] for each in with_users()["topic_permissions"]}
    assert keys == {
        "news_poller": r"^(news\.article)$",
        "market_streamer": r"^(market\.candle)$",
        "sentiment_processor": r"^(sentiment\.signal|news\.scored)$",
        "operator": r"^(raw_news_data|sentiment_signals_queue)$",
        "api": r"^(raw_news_data|sentiment_signals_queue)$",
    }


def test_one_policy_at_most_tightens_each_queue_and_dead_letters_are_left_to_people() -> None:
    policies = definitions("/", 10)["policies"]
    for queue in rabbitmq_topology(10).queues:
        applying = [each for each in policies if re.search(each["pattern"], queue.name)]
        if queue.name.endswith(".dlq"):
            assert not applying
            continue
        (chosen,) = applying
        for name, value in chosen["definition"].items():
            assert queue.arguments.get(f"x-{name}", value) == value
    foreign = [each["name"] for each in policies if re.search(each["pattern"], "somebody_elses_queue")]
    assert foreign == ["queues-of-others"]


def test_only_the_operator_and_the_api_may_ask_the_management_api() -> None:
    tags = {each["name"]: each["tags"] for each in with_users()["users"]}
    assert all(OURS in given for given in tags.values())
    assert {name: set(given) - {OURS} for name, given in tags.items() if given != [OURS]} == {
        "operator": {"monitoring"},
        "api": {"management"},
    }
