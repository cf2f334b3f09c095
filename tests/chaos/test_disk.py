"""A disk that is full while the embedded parts need it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import MARKET_CANDLE
from services.common.errors import TryLater
from services.common.settings.settings import Settings
from services.common.store.holds import OPERATOR, Hold
from services.common.store.open import open_store
from tests.support.news.news_feed_server import FeedServer
from tests.support.pipeline.chaos_pipeline import PAIR, PIPELINE, Pipeline, embedded_pipeline, make_stories
from tests.support.servers.servers import RedisServer
from tests.support.store.embedded_redis import by_port, client_of, embedded_redis
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk"),
]
STORIES = make_stories(520)
BEFORE = 400
"""Stories told at most before the disk is full, which is only seen by what is done after it."""


@contextmanager
def disk_of(size: str, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of("24m", tmp_path / "disk") as folder:
        yield folder


@pytest.fixture
def on_small_disk(
    small_disk: Path, tmp_path: Path, redis_server: RedisServer, feeds: FeedServer, raw: Any
) -> Iterator[Pipeline]:
    with embedded_pipeline(small_disk, tmp_path, redis_server, feeds, raw) as built:
        yield built


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def use_up(broker: Broker) -> None:
    """Write what nobody reads until the file of the queues cannot grow, which has room in itself on a full disk."""
    for number in itertools.count():
        broker.publish([OutgoingMessage(MARKET_CANDLE, b"x" * 100_000, f"ballast-{number}")])


def test_a_full_disk_is_told_and_waited_for_and_costs_nothing(
    on_small_disk: Pipeline, small_disk: Path
) -> None:
    pipeline = on_small_disk
    flow = pipeline.feed(STORIES)
    flow.limit = BEFORE
    pipeline.start(*PIPELINE)
    flow.begin()
    pipeline.wait_for_cached(60)
    fill(small_disk / "ballast")
    with pytest.raises(TryLater, match="Make room"):
        use_up(pipeline.broker)
    flow.limit = len(STORIES)
    eventually(
        lambda: any(service.health()[0] == 503 for service in pipeline.services.values()),
        lambda: f"a service says that it cannot work; {pipeline.tails()}",
    )
    (small_disk / "ballast").unlink()
    pipeline.assert_books_balance(STORIES)
    assert all(service.process and service.process.poll() is None for service in pipeline.services.values())


def test_an_embedded_store_whose_disk_is_full_takes_no_signal_that_it_cannot_keep(
    direct_settings: Settings, tmp_path: Path, feeds: FeedServer, broker: Broker
) -> None:
    with disk_of("16m", tmp_path / "store") as disk:
        with embedded_redis(disk / "state") as server, client_of(server) as client:
            at = by_port(server)
            settings = direct_settings.changed(
                redis_host=at.redis_host, redis_port=at.redis_port, redis_password=at.redis_password
            )
            pipeline = Pipeline(settings, tmp_path, feeds, broker, client)
            with closing(pipeline):
                flow = pipeline.feed(STORIES)
                flow.limit = BEFORE
                pipeline.start(*PIPELINE)
                cacher = pipeline.services["signal_cacher"]
                flow.begin()
                pipeline.wait_for_cached(60)
                fill(disk / "ballast")
                flow.limit = len(STORIES)
                eventually(
                    lambda: "MISCONF" in str(cacher.health()),
                    lambda: f"the cacher says that nothing is written; {cacher.health()}; {cacher.tail()}",
                )
                (disk / "ballast").unlink()
                pipeline.assert_books_balance(STORIES)
                eventually(lambda: cacher.health()[0] == 200, "the cacher is well again")
        kept = sum(story.scored for story in STORIES)
        with embedded_redis(disk / "state") as server, client_of(server) as client:
            assert client.zcard(f"sentiment_signals:{PAIR}") == kept


def write_on(client: Any) -> None:
    """Until it is refused."""
    for _ in itertools.count():
        client.set("k", "x" * 1000)


@pytest.mark.parametrize("is_known", [True, False])
def test_an_embedded_store_whose_disk_is_full_takes_a_hold_all_the_same_and_keeps_it(
    is_known: bool, tmp_path: Path
) -> None:
    hold = Hold(OPERATOR, "the disk is full" * 1000, datetime.now(UTC))  # longer than what is left of a page
    with disk_of("16m", tmp_path / "store") as disk:
        with embedded_redis(disk / "state") as server, client_of(server) as client:
            client.set("k", "v")
            fill(disk / "ballast")
            if is_known:  # else the hold is the first write that finds the disk full, which is answered
                with pytest.raises(redis.ResponseError, match="MISCONF"):
                    write_on(client)
                assert client.eval("return redis.call('GET', KEYS[1])", 1, "k") is not None
            with closing(open_store(server.settings)) as store:
                store.holds.set(hold)
                assert OPERATOR in store.holds.read().owners
            os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
        with embedded_redis(disk / "state") as server, closing(open_store(server.settings)) as store:
            assert OPERATOR in store.holds.read().owners


def test_a_processor_that_cannot_keep_what_it_must_waits_and_blames_no_article(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    with disk_of("16m", tmp_path / "state-sentiment_processor") as disk:
        flow = pipeline.feed(STORIES)
        flow.limit = BEFORE
        pipeline.start(*PIPELINE)
        processor = pipeline.services["sentiment_processor"]
        flow.begin()
        pipeline.wait_for_cached(60)
        fill(disk / "ballast")
        flow.limit = len(STORIES)
        eventually(
            lambda: processor.health()[0] == 503, lambda: f"it says that it cannot work; {processor.tail()}"
        )
        fill(disk / "ballast-of-what-was-left")
        eventually(lambda: len(processor.events("service_waiting")) > 2, "it goes on trying")
        eventually(
            lambda: "disk" in str(processor.health()[1].get("dependencies", {}).get("scorer")),
            lambda: f"it says that it is the disk; {processor.health()}",
        )
        for ballast in disk.glob("ballast*"):
            ballast.unlink()
        pipeline.assert_books_balance(STORIES)
        assert processor.process is not None
        assert processor.process.poll() is None
        pipeline.close()
