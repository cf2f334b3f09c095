"""`./cryptoboy bench` as a process: what it prints, what it leaves, and what it refuses. Never how fast it is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import Settings
from tests.support.commands import refusal
from tests.support.processes import Program
from tests.support.servers.servers import RedisServer

pytestmark = pytest.mark.e2e

COMMAND = [sys.executable, "-P", "-m", "services.cli", "bench"]
FIELDS = {"name", "value", "unit", "baseline", "ratio", "target", "met"}


def environ(temporary: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin:/usr/sbin", "PYTHONPATH": PYTHON_PATH, "TMPDIR": str(temporary)}


def bench(temporary: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=environ(temporary), capture_output=True, text=True, check=False
    )


def test_a_case_is_measured_on_a_private_server_that_leaves_nothing_behind(tmp_path: Path) -> None:
    ran = bench(tmp_path, "strategy_refresh", "--quick", "--repeat", "1", "--json")
    assert ran.returncode == 0, ran.stderr
    results = json.loads(ran.stdout)
    assert [result["name"] for result in results] == ["strategy_refresh.next", "strategy_refresh.first"]
    for result in results:
        assert result.keys() >= FIELDS
        assert result["value"] > 0
        assert result["ratio"] == pytest.approx(result["value"] / result["baseline"])
    assert not list(tmp_path.iterdir())


def test_a_store_in_use_is_not_emptied(tmp_path: Path, redis_server: RedisServer) -> None:
    import redis

    client = redis.Redis(host=redis_server.host, port=redis_server.port, password=redis_server.password)
    client.set("mine", "1")
    credentials = f":{redis_server.password}@" if redis_server.password else ""
    url = f"redis://{credentials}{redis_server.host}:{redis_server.port}"
    ran = bench(tmp_path, "strategy_refresh", "--quick", "--repeat", "1", "--redis", url)
    assert ran.returncode == 78
    assert "would be emptied" in ran.stderr
    assert client.get("mine") == b"1"
    client.delete("mine")
    client.close()


def started(temporary: Path, *arguments: str) -> Program:
    return Program(
        [*COMMAND, *arguments],
        env=environ(temporary),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_file(process: Program, folder: Path, pattern: str) -> None:
    while not list(folder.glob(pattern)):
        assert process.poll() is None
        time.sleep(0.05)


def test_ctrl_c_ends_it_with_its_servers_and_says_that_nothing_was_measured(tmp_path: Path) -> None:
    with started(tmp_path, "strategy_refresh", "--repeat", "1000", "--json") as process:
        wait_for_file(process, tmp_path, "cryptoboy-redis-*/server.out")
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    (row,) = json.loads(printed)
    assert (row["name"], row["measured"], row["value"]) == ("strategy_refresh", False, None)
    assert row.keys() >= FIELDS
    assert not list(tmp_path.iterdir())


def test_stopped_later_it_gives_what_it_has_and_names_what_is_missing(tmp_path: Path) -> None:
    cases = ("strategy_refresh", "cold_start", "--quick", "--repeat", "1", "--json")
    with started(tmp_path, *cases) as process:
        wait_for_file(process, tmp_path, "cryptoboy-bench-*/sources.toml")  # the second case has begun
        process.send_signal(signal.SIGTERM)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    rows = {row["name"]: row["measured"] for row in json.loads(printed)}
    assert rows == {"strategy_refresh.next": True, "strategy_refresh.first": True, "cold_start": False}
    assert "incomplete; not measured: cold_start" in said


def test_each_row_is_printed_when_it_is_measured(tmp_path: Path) -> None:
    with started(tmp_path, "strategy_refresh", "cold_start", "--quick", "--repeat", "1") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        is_still_measuring = process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert [line.split()[0] for line in lines] == ["case", "strategy_refresh.next", "strategy_refresh.first"]
    assert is_still_measuring
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no_such_case"], "there is no case 'no_such_case'"),
        (["cacher", "--plot", "latency.html"], "none of these cases measures latencies"),
        (["news_to_cache", "--plot", "latency.png"], "the plot is an HTML page"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(arguments: list[str], message: str) -> None:
    assert message in refusal(Settings(), "bench", *arguments)
