"""Live signals from a real Redis: one round trip a loop, and nothing that happens to Redis reaches the bot."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import cryptoboy_sentiment as news
import pandas as pd
import pytest
import redis

from tests.support.servers.redis_variants import admin, redis_with
from tests.support.servers.servers import RedisServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.strategy.strategy_samples import PAIR, at, message, milliseconds, signal, strategy_client
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

ETH = "ETH/USDT"
PAIRS = [PAIR, ETH]
WINDOW = timedelta(hours=24)
NOW = at(120)


@pytest.fixture
def source(private_redis: RedisServer) -> Iterator[news.RedisSignals]:
    client = strategy_client(private_redis.host, private_redis.port)
    yield news.RedisSignals(client, window=WINDOW)
    client.close()


def put(store: redis.Redis, *signals: news.Signal) -> None:
    for one in signals:
        store.zadd(f"sentiment_signals:{one.pair}", {message(one): milliseconds(one.available_at)})


def keep_holds(store: redis.Redis) -> None:
    """As the operator does on a store that has lost them; this one keeps nothing over a restart."""
    store.hset("trading:holds", "_kept", "")


def known(source: news.RedisSignals, pair: str = PAIR) -> list[str]:
    return sorted(source.signals(pair)["article_id"])


def test_the_first_refresh_reads_the_history_of_all_pairs(
    store: redis.Redis, source: news.RedisSignals
) -> None:
    put(store, signal("a", published=-600), signal("b"), signal("c", pair=ETH))
    source.refresh(PAIRS, NOW)
    assert (known(source), known(source, ETH)) == (["a", "b"], ["c"])
    assert source.readable(PAIR)
    assert source.readable(ETH)
    assert source.entries == "open"
    expected = news.signals_frame([signal("a", published=-600), signal("b")])
    pd.testing.assert_frame_equal(source.signals(PAIR), expected)


def test_nothing_is_known_or_readable_before_the_first_refresh(source: news.RedisSignals) -> None:
    assert source.signals(PAIR).empty
    assert not source.readable(PAIR)
    assert source.entries == "unknown"


def test_a_refresh_is_one_call_for_all_pairs_and_reads_only_what_is_new(
    store: redis.Redis, source: news.RedisSignals
) -> None:
    put(store, *(signal(f"a{i}", published=i) for i in range(50)), signal("c", pair=ETH))
    source.refresh(PAIRS, NOW)
    put(store, signal("new", published=60))
    newest = float(milliseconds(at(50)))
    horizon = milliseconds(NOW - WINDOW)
    with store.monitor() as monitor:  # type: ignore[no-untyped-call]  # redis-py has no type for it
        source.refresh(PAIRS, NOW)
        store.echo("done")
        heard = [monitor.next_command()]
        while heard[-1]["command"] != "ECHO done":
            heard.append(monitor.next_command())
    compared = [
        [
            f"ZRANGEBYSCORE sentiment_signals:{pair} {float(horizon)!r} +inf WITHSCORES LIMIT 0 1",
            f"ZRANGE sentiment_signals:{pair} -1 -1 WITHSCORES",
            f"ZCOUNT sentiment_signals:{pair} {float(horizon)!r} +inf",
        ]
        for pair in PAIRS
    ]
    read = [
        f"ZRANGE sentiment_signals:{PAIR} 0 0 WITHSCORES",
        f"ZCOUNT sentiment_signals:{PAIR} {float(horizon)!r} ({newest!r}",
        f"ZRANGEBYSCORE sentiment_signals:{PAIR} {newest!r} +inf WITHSCORES",
    ]
    of_source = [one["command"] for one in heard if one["client_port"] == heard[0]["client_port"]]
    assert of_source[0] == "HGETALL trading:holds"
    assert of_source[1].startswith("EVAL ")
    assert of_source[2:] == ["GET sentiment_pairs"]
    in_script = [one["command"] for one in heard if one["client_type"] == "lua"]
    assert in_script == ["GET trading:entries", *compared[0], *read, *compared[1]]
    assert "new" in known(source)


@pytest.mark.parametrize("event", ["correction", "expiry", "emptied"])
def test_what_happens_to_a_store_every_day_costs_no_second_round_trip(
    store: redis.Redis, source: news.RedisSignals, event: str
) -> None:
    put(store, *(signal(f"a{i}", published=i) for i in range(5)))
    source.refresh(PAIRS, NOW)
    if event == "correction":
        put(store, signal("a2", published=2, available=30, revision=1))
    elif event == "expiry":
        store.zremrangebyscore(f"sentiment_signals:{PAIR}", "-inf", milliseconds(at(2)))
    else:
        store.flushall()
    store.config_resetstat()
    source.refresh(PAIRS, NOW)
    stats = store.info("commandstats")
    assert (stats["cmdstat_eval"]["calls"], stats["cmdstat_hgetall"]["calls"]) == (1, 1)
    assert known(source) == {
        "correction": ["a0", "a1", "a2", "a2", "a3", "a4"],
        "expiry": ["a2", "a3", "a4"],
    }.get(event, [])


def test_pausing_and_resuming_is_seen_at_the_next_refresh(
    store: redis.Redis, source: news.RedisSignals
) -> None:
    seen = []
    for value in ("paused", "something else", None):
        store.set("trading:entries", value) if value else store.delete("trading:entries")
        source.refresh(PAIRS, NOW)
        seen.append(source.entries)
    assert seen == ["paused", "paused", "open"]


def test_a_correction_is_known_beside_what_it_corrects(store: redis.Redis, source: news.RedisSignals) -> None:
    wrong, right = signal(score=0.9), signal(score=-0.9, revision=1, available=30)
    put(store, wrong)
    source.refresh(PAIRS, NOW)
    put(store, right)
    source.refresh(PAIRS, NOW)
    pd.testing.assert_frame_equal(source.signals(PAIR), news.signals_frame([wrong, right]))


def test_what_a_cacher_of_an_earlier_version_takes_out_is_forgotten(
    store: redis.Redis, source: news.RedisSignals
) -> None:
    wrong, right = signal(score=0.9), signal(score=-0.9, revision=1, available=30)
    put(store, wrong, signal("later", published=10))
    source.refresh(PAIRS, NOW)
    store.zrem(f"sentiment_signals:{PAIR}", message(wrong))
    put(store, right)
    source.refresh(PAIRS, NOW)
    assert source.readable(PAIR)
    frame = source.signals(PAIR).set_index("article_id")
    assert frame.index.is_unique
    assert (frame.loc["a1", "score"], frame.loc["a1", "revision"]) == (-0.9, 1)


def test_of_several_at_the_same_instant_none_is_lost_or_doubled(
    store: redis.Redis, source: news.RedisSignals
) -> None:
    for name in "abc":
        put(store, signal(name))
        source.refresh(PAIRS, NOW)
    assert known(source) == ["a", "b", "c"]


def test_a_signal_written_into_the_past_is_found(store: redis.Redis, source: news.RedisSignals) -> None:
    put(store, signal("a"), signal("b", published=30))
    source.refresh(PAIRS, NOW)
    put(store, signal("late", published=10))
    source.refresh(PAIRS, NOW)
    assert known(source) == ["a", "b", "late"]


def test_an_emptied_store_is_no_sentiment(store: redis.Redis, source: news.RedisSignals) -> None:
    put(store, signal("a"), signal("b", published=30))
    source.refresh(PAIRS, NOW)
    store.flushall()
    source.refresh(PAIRS, NOW)
    assert source.signals(PAIR).empty
    assert source.readable(PAIR)


def test_a_store_restored_with_older_data_is_read_anew(store: redis.Redis, source: news.RedisSignals) -> None:
    put(store, *(signal(f"old{i}", published=i) for i in range(3)))
    source.refresh(PAIRS, NOW)
    store.flushall()
    put(store, *(signal(f"older{i}", published=i - 60) for i in range(3)), signal("old0", published=0))
    source.refresh(PAIRS, NOW)
    assert known(source) == ["old0", "older0", "older1", "older2"]


def test_a_store_replaced_by_one_that_counts_the_same_is_read_anew(
    store: redis.Redis, source: news.RedisSignals
) -> None:
    put(store, *(signal(f"old{i}", published=i) for i in range(3)))
    source.refresh(PAIRS, NOW)
    store.flushall()
    put(store, signal("other0", published=0), signal("other1", published=1))
    source.refresh(PAIRS, NOW)
    assert known(source) == ["other0", "other1"]


def test_what_the_store_lets_expire_is_forgotten(store: redis.Redis, source: news.RedisSignals) -> None:
    put(store, signal("a"), signal("b", published=30))
    source.refresh(PAIRS, NOW)
    store.zremrangebyscore(f"sentiment_signals:{PAIR}", "-inf", milliseconds(at(10)))
    source.refresh(PAIRS, NOW)
    assert known(source) == ["b"]


def test_signals_older_than_the_window_are_neither_read_nor_kept(
    store: redis.Redis, source: news.RedisSignals
) -> None:
    put(store, signal("before", published=120 - 24 * 60 - 10), signal("a"), signal("b", published=60))
    source.refresh(PAIRS, NOW)
    assert known(source) == ["a", "b"]
    source.refresh(PAIRS, at(30) + WINDOW)
    assert known(source) == ["b"]


def test_a_pair_that_joins_later_gets_its_history(store: redis.Redis, source: news.RedisSignals) -> None:
    put(store, signal("a"), signal("c", pair=ETH))
    source.refresh([PAIR], NOW)
    assert not source.readable(ETH)
    source.refresh(PAIRS, NOW)
    assert known(source, ETH) == ["c"]


def test_a_pair_that_is_no_longer_wanted_is_forgotten(store: redis.Redis, source: news.RedisSignals) -> None:
    put(store, signal("a"), signal("c", pair=ETH))
    source.refresh(PAIRS, NOW)
    assert known(source, ETH) == ["c"]
    source.refresh([PAIR], NOW)
    assert (known(source), known(source, ETH)) == (["a"], [])
    assert not source.readable(ETH)


def test_invalid_members_are_counted_and_ignored_and_logged_once(
    store: redis.Redis, source: news.RedisSignals, caplog: pytest.LogCaptureFixture
) -> None:
    put(store, signal("good"))
    bad = [b"not json", b"\xff\xfe", message(signal("nan"), sentiment_score=float("nan"))]
    bad += [message(signal("big"), sentiment_score=2), message(signal("other"), pair=ETH)]
    store.zadd(f"sentiment_signals:{PAIR}", dict.fromkeys(bad, milliseconds(at(2))))
    for _ in range(3):
        source.refresh(PAIRS, NOW)
    assert known(source) == ["good"]
    assert source.invalid == len(bad)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "invalid signal" in caplog.text


def test_a_store_that_goes_away_and_comes_back_is_logged_once_each_and_read_again(
    store: redis.Redis,
    private_redis: RedisServer,
    source: news.RedisSignals,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    put(store, signal("a"))
    source.refresh(PAIRS, NOW)
    private_redis.control.stop()
    try:
        for _ in range(3):
            source.refresh(PAIRS, NOW)
            assert not source.readable(PAIR)
            assert source.entries == "unknown"
    finally:
        private_redis.control.start()
    keep_holds(store)
    put(store, signal("b", published=5))
    for _ in range(2):
        source.refresh(PAIRS, NOW)
    assert source.readable(PAIR)
    assert known(source) == ["b"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_restart_between_two_refreshes_goes_unnoticed(
    store: redis.Redis,
    private_redis: RedisServer,
    source: news.RedisSignals,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source.refresh(PAIRS, NOW)
    private_redis.control.stop()
    private_redis.control.start()
    keep_holds(store)
    put(store, signal("a"))
    source.refresh(PAIRS, NOW)
    assert source.readable(PAIR)
    assert known(source) == ["a"]
    assert not caplog.records


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sentiment-store"]


def wait_for_workers() -> None:
    for thread in workers():
        thread.join()


def test_a_frozen_store_is_not_waited_for_beyond_the_deadline_and_calls_do_not_pile_up(
    store: redis.Redis, private_redis: RedisServer
) -> None:
    put(store, signal("a"))
    with strategy_client(private_redis.host, private_redis.port) as client:
        source = news.RedisSignals(client, window=WINDOW, patience_s=0.1)
        store.client_pause(4000, all=True)
        for _ in range(3):
            source.refresh(PAIRS, NOW)
            assert not source.readable(PAIR)
            assert len(workers()) == 1
        wait_for_workers()
        store.ping()  # is answered when the pause is over

        def read() -> bool:
            source.refresh(PAIRS, NOW)
            return source.readable(PAIR)

        eventually(read, "it is read within the deadline, which a busy machine may miss")
        assert known(source) == ["a"]


def test_a_name_that_does_not_resolve_is_not_waited_for_beyond_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = threading.Event()

    def slow(*_args: object, **_options: object) -> list[object]:
        asked.wait()
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", slow)  # no name server is at hand that is slow on demand
    source = news.RedisSignals(strategy_client("redis.invalid", 6379), window=WINDOW, patience_s=0.1)
    for _ in range(3):
        source.refresh(PAIRS, NOW)
        assert not source.readable(PAIR)
        assert len(workers()) == 1
    asked.set()
    wait_for_workers()


def test_an_answer_that_came_late_is_used_by_the_next_refresh(
    store: redis.Redis, private_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, signal("a"))
    resolve, asked = socket.getaddrinfo, threading.Event()
    with strategy_client(private_redis.host, private_redis.port) as client:
        source = news.RedisSignals(client, window=WINDOW, patience_s=0)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args: asked.wait() and resolve(*args))
        source.refresh(PAIRS, NOW)
        asked.set()
        wait_for_workers()
        store.client_pause(2000)  # ms: even a patience of 0 is enough for an answer that is quick
        source.refresh(PAIRS, NOW)
        wait_for_workers()
        assert known(source) == ["a"]
        assert not source.readable(PAIR)  # for what came late says nothing about now


@pytest.mark.parametrize("host", ["", "no such host", "x" * 300, "redis..invalid"])
def test_a_host_that_cannot_be_one_is_unreadable_and_no_error(host: str) -> None:
    source = news.RedisSignals(strategy_client(host, 1), window=WINDOW)
    source.refresh(PAIRS, NOW)
    assert not source.readable(PAIR)


def test_a_key_of_another_type_is_unreadable_and_no_error(
    store: redis.Redis, source: news.RedisSignals, caplog: pytest.LogCaptureFixture
) -> None:
    store.set(f"sentiment_signals:{PAIR}", "x")
    source.refresh(PAIRS, NOW)
    assert not source.readable(PAIR)
    assert "WRONGTYPE" in caplog.text


def test_a_replica_that_lost_its_primary_is_left_for_where_the_address_leads_by_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        redis_with() as old,
        redis_with() as new,
        TcpProxy("127.0.0.1", old) as address,
        admin(old) as demoted,
        admin(new) as primary,
        strategy_client("127.0.0.1", address.port) as client,
    ):
        source = news.RedisSignals(client, window=WINDOW, patience_s=60.0)
        source.refresh(PAIRS, NOW)
        primary.hset("trading:holds", "_kept", "")
        demoted.config_set("replica-serve-stale-data", "no")
        demoted.replicaof("127.0.0.1", 1)  # where nobody is
        address.lead_to("127.0.0.1", new)
        source.refresh(PAIRS, NOW)
        assert not source.readable(PAIR)
        assert "Link with MASTER is down" in caplog.text
        source.refresh(PAIRS, NOW)
        assert source.readable(PAIR)
        assert source.entries == "open"
