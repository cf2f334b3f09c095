"""How the tests come by their servers."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from tests.support.servers.server_control import (
    RabbitServer,
    RedisServer,
    ServerProblem,
    free_ports,
    wait_until,
)
from tests.support.servers.server_programs import Program
from tests.support.servers.servers import (
    first_that_starts,
    rabbitmq_at,
    redis_at,
    running_rabbitmq,
    running_redis,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


class _Way:
    """A way to have a server, that remembers what was done with it."""

    def __init__(self, origin: str, problem: str | None = None) -> None:
        self.origin = origin
        self._problem = problem
        self.done: list[str] = []

    def start(self) -> None:
        self.done.append("start")
        if self._problem:
            raise ServerProblem(self._problem)

    def stop(self) -> None:
        self.done.append("stop")

    def close(self) -> None:
        self.done.append("close")

    def address(self) -> str:
        return self.origin


def test_the_first_way_that_works_is_used_and_all_are_closed() -> None:
    ways = [_Way("docker", "no engine"), _Way("program"), _Way("never asked")]
    with first_that_starts("Redis", ways) as address:
        assert address == "program"
    assert [way.done for way in ways] == [["start", "close"], ["start", "close"], ["close"]]


def test_without_any_way_the_error_says_what_was_tried_and_what_to_do() -> None:
    ways = [_Way("docker", "no engine"), _Way("program", "not installed")]
    with (
        pytest.raises(ServerProblem, match=r"(?s)no engine.*not installed.*TEST_REDIS_URL"),
        first_that_starts("Redis", ways),
    ):
        pytest.fail("there is no server to use")


def test_a_rabbitmq_named_in_the_environment_is_used_and_left_running(rabbitmq: RabbitServer) -> None:
    environ = {
        "TEST_RABBITMQ_URL": f"amqp://{rabbitmq.user}:{rabbitmq.password}@{rabbitmq.host}:{rabbitmq.port}/",
        "TEST_RABBITMQ_MANAGEMENT_PORT": str(rabbitmq.management_port),
    }
    for _ in range(2):
        with running_rabbitmq(environ) as found:
            assert (found.host, found.port, found.vhost) == (rabbitmq.host, rabbitmq.port, "/")
            with pytest.raises(ServerProblem, match="TEST_RABBITMQ_URL is not ours to stop"):
                found.control.stop()


def test_a_redis_named_in_the_environment_is_used_and_left_running(redis_server: RedisServer) -> None:
    environ = {"TEST_REDIS_URL": f"redis://{redis_server.host}:{redis_server.port}/3"}
    for _ in range(2):
        with running_redis(environ) as found:
            assert (found.port, found.db) == (redis_server.port, 3)


def test_credentials_of_an_address_may_be_quoted() -> None:
    found = rabbitmq_at("amqp://me:a%2Fb@broker.example/my%2Fvhost", 15672)
    assert (found.user, found.password, found.port, found.vhost) == ("me", "a/b", 5672, "my/vhost")
    assert redis_at("redis://:p%40ss@cache.example").password == "p@ss"


@pytest.mark.parametrize("url", ["localhost:5672", "http://localhost", "amqp:///vhost"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ServerProblem, match="amqp://user:password@host"):
        rabbitmq_at(url, 15672)


def test_a_program_that_ends_at_once_is_reported_with_what_it_said(tmp_path: Path) -> None:
    code = "import sys; sys.exit('cannot bind')"
    program = Program([sys.executable, "-c", code], {}, tmp_path / "out")
    with pytest.raises(ServerProblem, match=r"(?s)status 1.*cannot bind"):
        wait_until("the server", lambda: False, 30, program.problem)


def test_a_program_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    program = Program([sys.executable, "-c", parent], {}, tmp_path / "out")
    eventually(lambda: program.output.read_text().endswith("\n"), "the child runs")
    pid = int(program.output.read_text())
    assert _runs(pid)
    program.kill()
    assert program.problem() is not None
    eventually(lambda: not _runs(pid), "the child has ended")


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_free_ports_are_different_ones() -> None:
    assert len(set(free_ports(20))) == 20
