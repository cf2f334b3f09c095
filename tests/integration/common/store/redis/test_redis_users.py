"""The users of Redis's ACL file on a real Redis: each can do its work with the code that does it, and no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import cryptoboy_sentiment as news
import pytest
import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.common.broker.open import open_broker
from services.common.clock import SystemClock
from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.common.store.holds import Hold
from services.common.store.keys import written_together
from services.common.store.redis.store import RedisStore
from services.common.store.redis.users import STORE_USERS
from services.demo.guard import on_shared_servers, refuse_demo_news
from services.operations.secrets.files import make_secrets
from services.research.history.scoring.exporting import export_signals
from tests.support.servers.production_servers import ProductionRedis
from tests.support.servers.redis_variants import admin, redis_with
from tests.support.store.store_samples import NOW, PAIR, make_signal
from tests.support.strategy.strategy_samples import strategy_client
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionRedis]:
    secrets = tmp_path_factory.mktemp("secrets")
    make_secrets(secrets)
    with ProductionRedis(secrets) as running:
        yield running


def settings_of(server: ProductionRedis, user: str) -> Settings:
    password = SecretStr(server.passwords[user])
    return Settings(redis_host="127.0.0.1", redis_port=server.port, redis_user=user, redis_password=password)


def connection(server: ProductionRedis, user: str) -> Any:
    return redis.Redis("127.0.0.1", server.port, username=user, password=server.passwords[user])


@pytest.fixture
def cacher(server: ProductionRedis) -> Iterator[RedisStore]:
    with connection(server, "signal_cacher") as client:
        client.delete(*written_together(PAIR))
    with closing(RedisStore(settings_of(server, "signal_cacher"))) as store:
        yield store


def seen_by_strategy(server: ProductionRedis) -> news.RedisSignals:
    with strategy_client(
        "127.0.0.1", server.port, server.passwords["strategy"], redis_user="strategy"
    ) as client:
        source = news.RedisSignals(client, window=timedelta(hours=48))
        source.refresh([PAIR], NOW)
    return source


def test_the_cacher_writes_what_the_strategy_reads(server: ProductionRedis, cacher: RedisStore) -> None:
    cacher.check()
    for revision, age in ((0, 10), (1, 10), (2, 40)):  # the last ranks lower, so the script reads everything
        cacher.write([make_signal(revision=revision, minutes_old=age), make_signal("a2")], NOW)
    cacher.write([make_signal(f"old{number}", minutes_old=60) for number in range(120)], NOW)
    source = seen_by_strategy(server)
    assert source.readable(PAIR)
    assert len(source.signals(PAIR)) == 124
    assert source.entries == "lost"


def test_the_cacher_looks_after_the_holds_and_what_redis_throws_away(
    server: ProductionRedis, cacher: RedisStore
) -> None:
    with connection(server, "operator") as client:
        client.delete("trading:holds", "trading:holds_id", "trading:entries")
    assert cacher.holds.begin("first", NOW) == "first"
    assert seen_by_strategy(server).entries == "open"
    cacher.holds.refuse()
    cacher.holds.mark("another")
    assert seen_by_strategy(server).entries == "lost"
    assert cacher.holds.read().id == "first"
    assert cacher.eviction_policy() == "noeviction"


def test_the_operator_pauses_and_resumes_and_the_strategy_knows(
    server: ProductionRedis, cacher: RedisStore
) -> None:
    cacher.write([make_signal()], NOW)
    with closing(RedisStore(settings_of(server, "operator"))) as operator:
        operator.holds.resume(["operator"], NOW)
        operator.holds.set(Hold("operator", "lunch", NOW))
        assert operator.holds.read().has_entries_key
        (hold,) = (source := seen_by_strategy(server)).holds
        assert (source.entries, hold.owner, hold.reason) == ("paused", "operator", "lunch")
        operator.holds.resume(["operator"], NOW)
        assert operator.holds.read().owners == ()
        assert seen_by_strategy(server).entries == "open"
        assert operator.current([PAIR])[PAIR] is not None
        assert operator.history(PAIR)
    at = settings_of(server, "operator")
    with strategy_client(
        at.redis_host, at.redis_port, server.passwords["operator"], redis_user="operator"
    ) as client:
        source = news.RedisSignals(client, window=timedelta(hours=48))
        source.refresh([PAIR], NOW)  # as `./cryptoboy sentiment` does
    assert source.readable(PAIR)


def test_the_api_holds_and_lifts_reads_the_sentiment_and_signals_as_a_strategy_does(
    server: ProductionRedis, cacher: RedisStore
) -> None:
    cacher.write([make_signal()], NOW)
    with closing(RedisStore(settings_of(server, "api"))) as api:
        api.holds.resume(["operator"], NOW)
        api.holds.set(Hold("risk", "a loss", NOW))
        assert seen_by_strategy(server).entries == "paused"
        api.holds.lift("risk")
        assert api.holds.read().owners == ()
        assert api.current([PAIR])[PAIR] is not None
        assert api.history(PAIR)
        api.scored_pairs()
    with strategy_client("127.0.0.1", server.port, server.passwords["api"], redis_user="api") as client:
        source = news.RedisSignals(client, window=timedelta(hours=48))
        source.refresh([PAIR], NOW)  # as POST /v1/strategy/read does
    assert source.readable(PAIR)


def test_the_recorder_reads_signals_and_holds(server: ProductionRedis, cacher: RedisStore) -> None:
    cacher.write([make_signal()], NOW)
    cacher.announce_scored_pairs({PAIR: None})
    with closing(RedisStore(settings_of(server, "history_recorder"))) as recorder:
        assert recorder.scored_pairs() == {PAIR: None}
        assert len(recorder.signals_from({PAIR: 0})[PAIR].signals) == 1
        recorder.holds.read()
        with pytest.raises(StopProgram, match="REDIS_USER"):
            recorder.holds.set(Hold("operator", "", NOW))


def test_the_operator_exports_what_the_cacher_wrote(
    server: ProductionRedis, cacher: RedisStore, tmp_path: Path
) -> None:
    cacher.write([make_signal(), make_signal("a2")], NOW)
    report = export_signals(settings_of(server, "operator"), [PAIR], tmp_path / "signals.csv")
    assert report.signals == {PAIR: 2}


def test_the_cacher_tells_the_strategy_and_the_operator_which_pairs_are_scored(
    server: ProductionRedis, cacher: RedisStore
) -> None:
    cacher.announce_scored_pairs({PAIR: None})
    assert seen_by_strategy(server).scored == frozenset({PAIR})
    with closing(RedisStore(settings_of(server, "operator"))) as operator:
        assert operator.scored_pairs() == {PAIR: None}


def test_a_strategy_with_the_rights_of_a_version_before_reads_signals_and_enters_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rights = "~sentiment_signals:* ~trading:entries %R~cryptoboy:demo +ping +select +client|setname +eval +get +zcount"
    with redis_with() as port, admin(port) as client, closing(store_at(port)) as store:
        client.execute_command(*f"ACL SETUSER old on >word -@all {rights} +zrange +zrangebyscore".split())
        store.write([make_signal()], NOW)
        store.announce_scored_pairs({PAIR: None})
        store.holds.begin("first", NOW)
        with strategy_client("127.0.0.1", port, "word", redis_user="old") as bot:
            source = news.RedisSignals(bot, window=timedelta(hours=48))
            source.refresh([PAIR], NOW)
    assert (source.readable(PAIR), source.scored, source.entries) == (True, None, "unknown")
    assert "trading:holds cannot be read" in caplog.text


def store_at(port: int) -> RedisStore:
    return RedisStore(Settings(redis_host="127.0.0.1", redis_port=port))


@pytest.mark.parametrize("user", ["strategy", "operator"])
def test_a_bot_and_its_operator_see_whether_the_news_is_a_demos(server: ProductionRedis, user: str) -> None:
    refuse_demo_news(settings_of(server, user), pytest.fail)


def test_a_demo_is_refused_where_no_user_may_write_everything(
    server: ProductionRedis, embedded_settings: Settings
) -> None:
    settings = settings_of(server, "operator").changed(trading_pairs=("SOL/USDT",))
    with closing(open_broker(embedded_settings, SystemClock())) as broker:
        broker.start()
        guest = on_shared_servers(settings, broker, SystemClock(), timedelta(minutes=1), pytest.fail)
        with pytest.raises(StopProgram, match=r"refuses us: .*REDIS_USER, REDIS_PASSWORD and the rights"):
            guest.__enter__()


def test_a_reader_that_writes_is_told_what_to_check(server: ProductionRedis) -> None:
    with closing(RedisStore(settings_of(server, "strategy"))) as store:
        with pytest.raises(StopProgram, match=r"REDIS_USER, REDIS_PASSWORD and the rights"):
            store.write([make_signal()], NOW)
        with pytest.raises(StopProgram, match="REDIS_USER"):
            store.holds.set(Hold("operator", "", NOW))


def test_nobody_gets_in_without_a_user_of_the_file(server: ProductionRedis) -> None:
    for password in (None, "", server.passwords["operator"]):
        with (
            redis.Redis("127.0.0.1", server.port, password=password, retry=Retry(NoBackoff(), 0)) as default,
            pytest.raises(redis.AuthenticationError),
        ):
            default.ping()


SIGNALS, HISTORY = f"sentiment_signals:{PAIR}", f"sentiment_history:{PAIR}"
ATTEMPTS = {
    "ping": ("PING",),
    "write the current sentiment": ("HSET", f"sentiment:{PAIR}", "score", "0.9"),
    "read the current sentiment": ("HGETALL", f"sentiment:{PAIR}"),
    "delete the current sentiment": ("DEL", f"sentiment:{PAIR}"),
    "write the history": ("LPUSH", HISTORY, "{}"),
    "read the history": ("LRANGE", HISTORY, "0", "9"),
    "write signals": ("ZADD", SIGNALS, "1", "{}"),
    "read signals": ("ZRANGEBYSCORE", SIGNALS, "-inf", "+inf"),
    "write ids": ("HSET", f"sentiment_ids:{PAIR}", "a", "1"),
    "pause entries": ("SET", "trading:entries", "paused"),
    "resume entries": ("DEL", "trading:entries"),
    "ask for entries": ("GET", "trading:entries"),
    "tell which pairs are scored": ("SET", "sentiment_pairs", "{}"),
    "ask which pairs are scored": ("GET", "sentiment_pairs"),
    "hold entries": ("HSET", "trading:holds", "risk", "{}"),
    "say that holds are kept": ("HSET", "trading:holds", "_kept", ""),
    "lift a hold": ("HDEL", "trading:holds", "risk"),
    "read the holds": ("HGETALL", "trading:holds"),
    "name the holds": ("SET", "trading:holds_id", "a"),
    "write another key": ("SET", "of:my:own", "1"),
    "read another key": ("GET", "of:my:own"),
    "write signals by a script": ("EVAL", "return redis.call('ZADD', KEYS[1], 1, '{}')", "1", SIGNALS),
    "pause by a script": ("EVAL", "return redis.call('SET', KEYS[1], 'paused')", "1", "trading:entries"),
    "pause by a script that hides it": ("EVAL", "return redis.call('SET', 'trading:entries', 'x')", "0"),
    "read signals by a script": ("EVAL", "return redis.call('ZCOUNT', KEYS[1], 0, 1)", "1", SIGNALS),
    "load a script": ("SCRIPT", "LOAD", "return 1"),
    "drop all scripts": ("SCRIPT", "FLUSH"),
    "empty the database": ("FLUSHDB",),
    "empty everything": ("FLUSHALL",),
    "list keys": ("KEYS", "*"),
    "walk through keys": ("SCAN", "0"),
    "look at the server": ("INFO", "memory"),
    "read the configuration": ("CONFIG", "GET", "*"),
    "change the configuration": ("CONFIG", "SET", "maxmemory", "0"),
    "read the users": ("ACL", "LIST"),
    "change a user": ("ACL", "SETUSER", "strategy", "+@all"),
    "see who is connected": ("CLIENT", "LIST"),
    "throw others out": ("CLIENT", "KILL", "TYPE", "normal"),
    "watch others": ("MONITOR",),
    "stop the server": ("SHUTDOWN", "NOSAVE"),
    "copy to another server": ("REPLICAOF", "127.0.0.1", "1"),
    "publish": ("PUBLISH", "channel", "text"),
    "rename a key": ("RENAME", SIGNALS, "sentiment_signals:X"),
    "write a copy for a backup": ("BGSAVE", "SCHEDULE"),
    "load code": ("FUNCTION", "LOAD", "#!lua name=mine\nredis.register_function('f', function() end)"),
}
READS = {
    "ping",
    "read signals",
    "ask for entries",
    "ask which pairs are scored",
    "read signals by a script",
    "read the holds",
}
HOLDS = {"hold entries", "say that holds are kept", "lift a hold", "read the holds", "name the holds"}
ALLOWED = {
    "signal_cacher": HOLDS
    | {
        "ping",
        "ask for entries",
        "look at the server",
        "write the current sentiment",
        "read the current sentiment",
        "delete the current sentiment",
        "write the history",
        "read the history",
        "write signals",
        "read signals",
        "write ids",
        "tell which pairs are scored",
        "ask which pairs are scored",
        "load a script",
    },
    "strategy": READS,
    "history_recorder": {
        "ping",
        "read signals",
        "ask for entries",
        "ask which pairs are scored",
        "read the holds",
    },
    "api": READS
    | HOLDS
    | {
        "read the current sentiment",
        "read the history",
        "pause entries",
        "resume entries",
        "pause by a script",
        "pause by a script that hides it",
    },
    "operator": READS
    | HOLDS
    | {
        "read the current sentiment",
        "read the history",
        "pause entries",
        "resume entries",
        "pause by a script",
        "pause by a script that hides it",
        "walk through keys",
        "look at the server",
        "write a copy for a backup",
    },
}


@pytest.mark.parametrize("user", ALLOWED)
def test_what_a_user_may_do_is_this_and_everything_else_is_refused(
    server: ProductionRedis, user: str
) -> None:
    allowed, said = set(), {}
    with connection(server, user) as client:
        for name, command in ATTEMPTS.items():
            try:
                client.execute_command(*command)
            except redis.ResponseError as refusal:
                said[name] = str(refusal)
            else:
                allowed.add(name)
    assert allowed == ALLOWED[user]
    assert all("no permission" in text or "can't run this command" in text for text in said.values()), said


def test_the_health_check_may_ask_whether_redis_is_there_and_nothing_else(server: ProductionRedis) -> None:
    with redis.Redis("127.0.0.1", server.port, username="health", password="any") as client:
        assert client.ping()
        for command in (command for name, command in ATTEMPTS.items() if name != "ping"):
            with pytest.raises(redis.ResponseError):
                client.execute_command(*command)


def test_what_was_written_is_there_after_a_restart(server: ProductionRedis, cacher: RedisStore) -> None:
    cacher.write([make_signal("kept")], NOW)
    server.stop()
    server.start()
    assert any(signal.article_id == "kept" for signal in cacher.history(PAIR))


def test_the_file_holds_no_password(server: ProductionRedis) -> None:
    text = (server.folder / "users.acl").read_text()
    assert {line.split()[1] for line in text.splitlines()} == {
        "default",
        "health",
        *(each.name for each in STORE_USERS),
    }
    assert not any(password in text for password in server.passwords.values())


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ResponseError:  # the script is told to end, and has not yet
        return False


def test_the_operator_ends_a_script_of_the_strategys_account_that_does_not_end(
    server: ProductionRedis,
) -> None:
    def run() -> None:
        # A client that waits no longer, or tries again, would begin the script anew after its end.
        once = redis.Redis(
            "127.0.0.1",
            server.port,
            username="strategy",
            password=server.passwords["strategy"],
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
        )
        with once as client, suppress(redis.RedisError):
            client.eval("while true do end", 0)

    script = threading.Thread(target=run, daemon=True)
    script.start()
    with connection(server, "operator") as operator:
        deadline = time.monotonic() + 30
        while True:
            assert time.monotonic() < deadline
            try:
                operator.script_kill()
                break
            except redis.ResponseError:  # not running yet
                time.sleep(0.1)
        script.join(30)
        assert not script.is_alive()
        eventually(lambda: answers(operator), "the server answers others again", 30)
