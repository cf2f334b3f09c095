"""What the store says, and does, where the server at its address is not the Redis that it should be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest

from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import Settings
from services.common.store.port import WriteOutcome
from services.common.store.redis.store import RedisStore
from tests.support.servers.redis_variants import admin, redis_with
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.store.store_samples import NOW, PAIR, make_signal
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


def store_at(port: int, **settings: Any) -> Any:
    return closing(RedisStore(Settings(redis_host="127.0.0.1", redis_port=port, **settings)))


def test_after_a_failover_behind_one_address_the_next_write_reaches_the_new_primary() -> None:
    with (
        redis_with() as old,
        redis_with() as new,
        TcpProxy("127.0.0.1", old) as address,
        store_at(address.port) as store,
        admin(old) as demoted,
        admin(new) as primary,
    ):
        store.write([make_signal("before")], NOW)
        demoted.replicaof("127.0.0.1", new)
        address.lead_to("127.0.0.1", new)
        eventually(lambda: demoted.info("replication")["master_link_status"] == "up", "it is a replica")
        with pytest.raises(TryLater, match="replica, which takes no writes"):
            store.write([make_signal("after")], NOW)
        assert store.write([make_signal("after")], NOW) == [WriteOutcome.NEWEST]
        assert primary.hget(f"sentiment:{PAIR}", "article_id") == "after"


def test_a_replica_without_its_primary_is_left_as_well() -> None:
    with (
        redis_with() as old,
        redis_with() as new,
        TcpProxy("127.0.0.1", old) as address,
        store_at(address.port) as store,
        admin(old) as demoted,
    ):
        store.check()
        demoted.config_set("replica-serve-stale-data", "no")
        demoted.replicaof("127.0.0.1", 1)  # where nobody is
        address.lead_to("127.0.0.1", new)
        with pytest.raises(TryLater, match="lost its primary"):
            store.current([PAIR])
        assert store.current([PAIR]) == {PAIR: None}


def test_a_password_that_is_not_set_is_named_whatever_the_first_call_is() -> None:
    with redis_with("--requirepass", "secret") as port, store_at(port) as store:
        for use in (
            store.check,
            lambda: store.current([PAIR]),
            lambda: store.history(PAIR),
            lambda: store.write([make_signal()], NOW),
        ):
            with pytest.raises(StopProgram, match=r"wants a password\. Set REDIS_PASSWORD"):
                use()


def test_a_key_of_another_type_is_named_when_it_is_read() -> None:
    with redis_with() as port, store_at(port) as store, admin(port) as client:
        client.set(f"sentiment:{PAIR}", "0.5")
        with pytest.raises(StopProgram, match=rf"another type of value .*HGETALL sentiment:{PAIR}"):
            store.current([PAIR])


def test_a_node_of_a_cluster_is_called_so_before_and_after_it_has_its_slots() -> None:
    # Its bus has a port of its own, by default 10000 above, which may be none at all.
    with redis_with("--cluster-enabled", "yes", "--cluster-port", "0") as port, store_at(port) as store:
        with pytest.raises(StopProgram, match="node of a Redis Cluster"):
            store.write([make_signal()], NOW)
        with admin(port) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            with pytest.raises(StopProgram, match="node of a Redis Cluster"):
                store.eviction_policy()
            eventually(lambda: client.execute_command("CLUSTER INFO")["cluster_state"] == "ok", "it serves")
        with pytest.raises(StopProgram, match="node of a Redis Cluster"):
            store.write([make_signal()], NOW)


def test_a_sentinel_is_called_so() -> None:
    with redis_with(sentinel=True) as port, store_at(port) as store:
        uses: list[Callable[[], object]] = [
            lambda: store.current([PAIR]),
            lambda: store.write([make_signal()], NOW),
        ]
        for use in uses:
            with pytest.raises(StopProgram, match="it is a Sentinel"):
                use()


@contextmanager
def web_server() -> Iterator[int]:
    """Says to whoever connects what a web server says to what it does not understand."""
    answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as connection:
                        connection.recv(1000)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_what_is_no_redis_is_called_so() -> None:
    refused = pytest.raises(StopProgram, match="does not answer as a Redis")
    with web_server() as port, store_at(port) as store, refused:
        store.check()


def test_a_redis_that_lacks_a_command_is_told_from_an_old_one() -> None:
    refused = pytest.raises(StopProgram, match="no command renamed or switched off")
    with redis_with("--rename-command", "EVALSHA", "") as port, store_at(port) as store, refused:
        store.write([make_signal()], NOW)
