"""The notifier's user on Redis can do what the chat and the rules need, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from pydantic import SecretStr

from services.common.errors import StopProgram
from services.common.services import NOTIFIER, SERVICES
from services.common.settings.settings import Settings
from services.common.store.holds import Hold
from services.common.store.redis.store import RedisStore
from services.common.store.redis.users import _line, _user_of
from services.operations.holds import pause, resume
from services.operations.sentiment import read_sentiment
from tests.support.servers.redis_variants import admin, redis_with
from tests.support.store.store_samples import NOW, PAIR, make_signal

pytestmark = pytest.mark.integration
PASSWORD = "of-the-notifier-in-this-test"


@pytest.fixture
def settings() -> Iterator[Settings]:
    """Settings of the notifier's user on a Redis with a signal and holds."""
    with redis_with() as port, admin(port) as client:
        with closing(RedisStore(Settings(redis_host="127.0.0.1", redis_port=port))) as everybody:
            everybody.holds.begin("this-test", NOW)
            everybody.write([make_signal()], NOW)
        client.execute_command("ACL SETUSER", *rights_of_the_notifier())
        yield Settings(
            redis_host="127.0.0.1", redis_port=port, redis_user=NOTIFIER, redis_password=SecretStr(PASSWORD)
        )


def rights_of_the_notifier() -> list[str]:
    """The words of its line in the ACL file after `user`; a selector in brackets is one word."""
    line = _line(_user_of(SERVICES[NOTIFIER]), PASSWORD).removeprefix("user ")
    before, _, selector = line.partition(" (")
    return [*before.split(), f"({selector}"]


def test_the_chat_can_pause_and_resume_and_read_the_sentiment(settings: Settings) -> None:
    with closing(RedisStore(settings)) as store:
        assert pause(store, "news", NOW, None, "telegram").holds[0].owner == "telegram"
        assert resume(store, NOW, ["telegram"]).entries == "allowed"
        found = read_sentiment(store, settings, [PAIR], NOW).pairs[PAIR]

    assert found is not None
    assert found.aggregate.state != "unreadable"


def test_the_notifier_can_write_no_sentiment_and_no_hold_of_the_operator(settings: Settings) -> None:
    with closing(RedisStore(settings)) as store:
        with pytest.raises(StopProgram):
            store.write([make_signal("another")], NOW)
        with pytest.raises(StopProgram):
            store.holds.set(Hold("operator", "as the operator", NOW))  # writes trading:entries too
    with (
        redis.Redis("127.0.0.1", settings.redis_port, username=NOTIFIER, password=PASSWORD) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.flushall()
