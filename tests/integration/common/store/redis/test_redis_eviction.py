"""A Redis that throws keys away when it is full: the pause may go, and entries stay refused all the same."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import cryptoboy_sentiment as news
import pytest

from services.common.clock import SystemClock
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.holds import Hold
from services.common.store.open import open_store
from services.operations.checks.all import all_checks
from services.operations.checks.check import run_check
from services.signal_cacher.holds_watch import HoldsWatch
from tests.support.servers.redis_variants import admin, redis_with
from tests.support.store.store_samples import NOW, PAIR
from tests.support.strategy.strategy_samples import strategy_client

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random"])
def test_a_pause_that_is_thrown_away_keeps_entries_refused_and_doctor_warns(
    tmp_path: Path, policy: str
) -> None:
    with redis_with("--maxmemory", "4mb", "--maxmemory-policy", policy) as port:
        settings = Settings(
            broker=BrokerKind.RABBITMQ, redis_host="127.0.0.1", redis_port=port, state_dir=tmp_path
        )
        with (
            closing(open_store(settings)) as store,
            admin(port) as client,
            strategy_client("127.0.0.1", port) as reader,
        ):
            watch = HoldsWatch(settings, store, SystemClock())
            source = news.RedisSignals(reader, window=timedelta(hours=48), patience_s=60.0)

            def entries() -> str:
                source.refresh([PAIR], NOW)
                return source.entries

            watch.look(0.0)
            assert entries() == "open"
            store.holds.set(Hold("operator", "", NOW))
            assert entries() == "paused"
            number = 0
            while client.exists("trading:holds", "trading:entries"):
                client.set(f"other{number}", "x" * 20_000)
                number += 1
            assert entries() == "lost"
            watch.look(100.0)
            assert watch.health()["holds"].ok is False
            assert watch.health()["redis_memory"].ok is False
            HoldsWatch(settings.changed(state_dir=tmp_path / "fresh"), store, SystemClock()).look(0.0)
            assert entries() == "lost"
            checks = {question.name: question for question in all_checks(settings)}
            memory, allowed = run_check(checks["redis memory"]), run_check(checks["entries"])
            assert (memory.state, allowed.state) == ("warning", "warning")
            assert f"maxmemory-policy {policy}" in memory.found
            assert "./cryptoboy resume" in allowed.remedy
            client.flushall()
            store.holds.resume(["operator"], NOW)
            assert entries() == "open"
            assert run_check(checks["entries"]).state == "ok"


def test_a_redis_that_keeps_everything_is_in_order(tmp_path: Path) -> None:
    with redis_with("--maxmemory-policy", "noeviction") as port:
        settings = Settings(
            broker=BrokerKind.RABBITMQ, redis_host="127.0.0.1", redis_port=port, state_dir=tmp_path
        )
        checks = {question.name: question for question in all_checks(settings)}
        assert run_check(checks["redis memory"]).state == "ok"


def test_a_user_who_may_not_ask_is_told_to_look(tmp_path: Path) -> None:
    with redis_with("--rename-command", "INFO", "") as port:
        settings = Settings(
            broker=BrokerKind.RABBITMQ, redis_host="127.0.0.1", redis_port=port, state_dir=tmp_path
        )
        checks = {question.name: question for question in all_checks(settings)}
        memory = run_check(checks["redis memory"])
        assert memory.state == "warning"
        assert "+info" in memory.found


def test_holds_of_an_embedded_store_that_does_not_run_are_no_finding(tmp_path: Path) -> None:
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path, redis_port=0)
    checks = {question.name: question for question in all_checks(settings)}
    assert run_check(checks["entries"]).state == "ok"
    assert run_check(checks["redis memory"]).state == "ok"
