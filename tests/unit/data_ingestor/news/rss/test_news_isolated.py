from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
import time
from multiprocessing import forkserver
from typing import cast

import pytest

from services.common.errors import NeverWorks, TryLater
from services.data_ingestor.news.rss import isolated
from services.data_ingestor.news.rss.isolated import MEMORY_BYTES, run_isolated
from tests.support.waiting import eventually


def double(number: int) -> int:
    return 2 * number


def large(size: int) -> bytes:
    return b"x" * size


def process_id(_: object) -> int:
    return os.getpid()


def names_in_environment(_: object) -> list[str]:
    return list(os.environ)


def wait_for_ever(_: object) -> None:
    time.sleep(3600)


def backtrack(text: str) -> bool:
    return re.fullmatch(r"(a+)+b", text) is not None  # holds the interpreter for years


def take_memory(_: object) -> int:
    return len(bytearray(2 * MEMORY_BYTES))


def ask_for_time(_: object) -> None:
    raise TryLater("busy", after=7.0)


def refuse(_: object) -> None:
    raise NeverWorks("no")


def fail(_: object) -> None:
    raise ZeroDivisionError("a defect")


def vanish(_: object) -> None:
    os._exit(3)


def run(
    work: object, argument: object = None, seconds: float = 60.0, stop: threading.Event | None = None
) -> object:
    assert callable(work)
    return run_isolated(work, argument, seconds=seconds, stop=stop or threading.Event(), doing="the work")


def test_the_result_comes_back_from_another_process() -> None:
    assert run(double, 21) == 42
    assert run(process_id) != os.getpid()


def test_a_result_larger_than_any_pipe_comes_back() -> None:
    assert run(large, 6_000_000) == large(6_000_000)


def kill_the_server() -> None:
    run(double, 1)
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]
    eventually(lambda: not isolated._runs(), "the server is dead")


def test_the_environment_is_never_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that reads it in C code meanwhile would crash the service."""
    kill_the_server()
    with monkeypatch.context() as watched:
        for name in ("putenv", "unsetenv"):
            watched.setattr(os, name, lambda *_: pytest.fail("the environment was changed"))
        assert run(double, 21) == 42


def test_a_server_that_died_is_started_again_without_what_may_be_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXCHANGE_SECRET", "planted")
    kill_the_server()
    assert "EXCHANGE_SECRET" not in cast("list[str]", run(names_in_environment))


def test_errors_come_back_with_their_reaction() -> None:
    with pytest.raises(TryLater, match="busy") as caught:
        run(ask_for_time)
    assert caught.value.after == 7.0
    with pytest.raises(NeverWorks, match=r"^no$"):
        run(refuse)


def test_a_defect_is_reported_and_not_repeated() -> None:
    with pytest.raises(NeverWorks, match="the work failed: ZeroDivisionError: a defect"):
        run(fail)


def test_a_process_that_vanishes_is_tried_again_later() -> None:
    with pytest.raises(TryLater, match="ended without a result"):
        run(vanish)


@pytest.mark.parametrize("work", [wait_for_ever, backtrack])
def test_work_that_does_not_end_is_ended(work: object) -> None:
    with pytest.raises(TryLater, match=r"not done within 0\.3 s"):
        run(work, "a" * 60, seconds=0.3)
    assert not multiprocessing.active_children()


def test_work_that_takes_too_much_memory_is_refused() -> None:
    with pytest.raises(NeverWorks, match="MiB of memory"):
        run(take_memory)


def test_work_is_given_up_when_the_service_stops() -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(TryLater, match="the service stops"):
        run(wait_for_ever, stop=stop)
    assert not multiprocessing.active_children()


def test_the_process_inherits_what_reading_needs_and_our_environment_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the server inherited that processes are forked from, which the first of these tests started."""
    monkeypatch.setenv("RABBITMQ_PASS", "secret")
    before = dict(os.environ)
    inherited = run(names_in_environment)
    assert dict(os.environ) == before
    assert isinstance(inherited, list)
    assert "PATH" in inherited
    assert not {"RABBITMQ_PASS", "PYTEST_CURRENT_TEST", "CRYPTOBOY_ENV_FILE", "CRYPTOBOY_VENV"} & set(
        inherited
    )
