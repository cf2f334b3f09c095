"""Where the strategy's settings come from and which it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from cryptoboy_sentiment import Settings


def test_without_configuration_the_store_is_on_this_machine() -> None:
    assert Settings.read({}, {}) == Settings(
        redis_host="localhost", redis_port=6379, redis_password=None, redis_db=0
    )


def test_the_environment_fills_what_the_configuration_leaves_out() -> None:
    environment = {
        "REDIS_HOST": "redis",
        "REDIS_PORT": "7000",
        "REDIS_PASSWORD": "hidden",
        "SENTIMENT_CSV": "history.csv",
    }
    read = Settings.read({"redis_port": 7001}, environment)
    assert (read.redis_host, read.redis_port, read.redis_password) == ("redis", 7001, "hidden")
    assert read.sentiment_csv == "history.csv"


def test_empty_variables_and_nulls_count_as_not_given() -> None:
    environment = {"REDIS_HOST": "", "REDIS_PORT": "", "REDIS_PASSWORD": ""}
    assert Settings.read({"redis_host": None, "redis_password": ""}, environment) == Settings(
        redis_password=""
    )


def test_the_address_that_kubernetes_gives_a_service_named_redis_is_no_port() -> None:
    assert Settings.read({}, {"REDIS_PORT": "tcp://10.96.0.12:6379"}) == Settings()


def test_the_password_is_not_shown() -> None:
    assert "hidden" not in repr(Settings(redis_password="hidden"))


@pytest.mark.parametrize(
    ("section", "environment", "message"),
    [
        ({"redis_hots": "x"}, {}, r"cryptoboy\.redis_hots is unknown; allowed are redis_host, "),
        ({"redis_port": 0}, {}, r"redis_port is 0, expected a whole number from 1 to 65535"),
        ({"redis_port": True}, {}, r"redis_port is True, expected"),
        ({}, {"REDIS_PORT": "none"}, r"redis_port is 'none', expected"),
        ({"redis_db": -1}, {}, r"redis_db is -1, expected"),
        ({"redis_tls": "no"}, {}, r"redis_tls is 'no', expected true or false"),
        ({"allow_degraded": 1}, {}, r"allow_degraded is 1, expected true or false"),
        ({"staleness_hours": 0}, {}, r"staleness_hours is 0, expected a number above 0"),
        ({"staleness_hours": float("nan")}, {}, r"staleness_hours is nan"),
        ({"staleness_hours": "4"}, {}, r"staleness_hours is '4'"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    section: dict[str, Any], environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.read(section, environment)
