"""A server that fills its memory must refuse work before the kernel ends its container."""

from __future__ import annotations

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.memory_sizes import mebibytes
from tests.support.deploy.strict_yaml import load

SERVICES = load((PROJECT_ROOT / "docker-compose.production.yml").read_text())["services"]


def limit_of(service: str) -> float:
    return mebibytes(SERVICES[service]["deploy"]["resources"]["limits"]["memory"])


def directives(path: str, separator: str) -> dict[str, str]:
    lines = (PROJECT_ROOT / path).read_text().splitlines()
    pairs = (line.partition(separator) for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def test_rabbitmq_blocks_publishers_well_below_the_limit_of_its_container() -> None:
    mark = mebibytes(directives("deploy/rabbitmq/rabbitmq.conf", "=")["vm_memory_high_watermark.absolute"])
    # RabbitMQ looks every 2.5 seconds, and what publishers send until then comes on top.
    assert 0.5 * limit_of("rabbitmq") <= mark <= 0.6 * limit_of("rabbitmq")


def test_what_rabbitmq_keeps_of_its_queues_in_memory_leaves_room_below_its_mark() -> None:
    conf = directives("deploy/rabbitmq/rabbitmq.conf", "=")
    mark = mebibytes(conf["vm_memory_high_watermark.absolute"])
    assert 4 * mebibytes(conf["raft.wal_max_size_bytes"]) <= mark


def test_redis_refuses_writes_at_half_the_limit_of_its_container() -> None:
    conf = directives("deploy/redis/redis.conf", " ")
    # The other half is for the copy of what changes while the append-only file is rewritten.
    assert mebibytes(conf["maxmemory"]) <= limit_of("redis") / 2
    assert conf["maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize(
    ("size", "mib"), [("1G", 1024), ("512M", 512), ("256mb", 256), ("600MiB", 600), ("67108864", 64)]
)
def test_sizes_are_read_in_powers_of_two(size: str, mib: float) -> None:
    assert mebibytes(size) == mib
