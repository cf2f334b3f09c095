from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from services.common.errors import StopProgram, TryLater
from services.common.probe import USUAL_PORTS
from services.common.runtime import runner
from services.common.runtime.health import DependencyHealth, HealthServer, health_body
from services.common.runtime.runner import start_with_backoff
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.processes import Program

SERVICE = """
import contextlib, os, sys, threading
import structlog
from services.common.errors import StopProgram, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.runtime.runner import run_service
from services.common.runtime.work import CallsInProgress

class Example:
    starts = 0
    work = CallsInProgress()
    def start(self):
        Example.starts += 1
        if MODE == "never":
            raise StopProgram("set SOMETHING")
        if MODE == "later" and Example.starts < 3:
            raise TryLater("not yet")
    def run(self, stop):
        if MODE == "crash":
            raise ValueError("unforeseen")
        if MODE == "unread while it runs":
            fill_log()
            structlog.get_logger().info("one more line")
        if MODE == "unread as it ends":
            stop.set()
        print("running", flush=True)
        stop.wait()
        print("finished what was in hand", flush=True)
    def health(self):
        return {"broker": DependencyHealth(MODE != "down")}
    def close(self):
        print("closed", flush=True)
        if MODE == "unread as it ends":
            fill_log()

def fill_log():
    os.set_blocking(2, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(2, b"x"):
            pass
    os.set_blocking(2, True)

MODE = sys.argv[1]
sys.exit(run_service("news_poller", lambda settings, clock: Example()))
"""


def start(mode: str, **environ: str) -> Program:
    return Program(
        [sys.executable, "-c", SERVICE, mode],
        cwd=PROJECT_ROOT,
        env={**os.environ, "CRYPTOBOY_ENV_FILE": "", "HEALTH_PORT": "0", "LOG_FORMAT": "json", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def health_of(process: subprocess.Popen[str]) -> tuple[int, dict[str, object]]:
    assert process.stderr is not None
    url = next(
        entry["health"]
        for line in process.stderr
        if (entry := json.loads(line)).get("event") == "service_starting"
    )
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_service_finish_and_exit_with_0(number: signal.Signals) -> None:
    with start("fine") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert out == "finished what was in hand\nclosed\n"
    assert process.returncode == 0


def test_what_a_person_must_change_ends_the_start_with_its_message_and_78() -> None:
    with start("never") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 78
    assert "set SOMETHING" in err
    assert "Traceback" not in err
    assert out == "closed\n"


def test_an_unknown_variable_ends_the_start_with_78_and_its_name() -> None:
    with start("fine", NEWS_POL_INTERVAL="1") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 78
    assert "NEWS_POL_INTERVAL" in err


def test_an_unforeseen_error_is_logged_and_exits_with_1() -> None:
    with start("crash") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "ValueError: unforeseen" in err
    assert out == "closed\n"


@pytest.mark.parametrize("mode", ["unread while it runs", "unread as it ends"])
def test_a_log_that_nobody_reads_ends_the_service_with_75(mode: str) -> None:
    with start(mode, WORK_STUCK_AFTER="0.5", WORK_GIVE_UP_AFTER="0.5") as process:
        try:
            status = process.wait(60)
        except subprocess.TimeoutExpired:
            status = None
            process.kill()
    assert status == os.EX_TEMPFAIL


def test_a_service_whose_parts_come_later_starts_when_they_are_there() -> None:
    with start("later") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(("mode", "status", "word"), [("fine", 200, "ok"), ("down", 503, "down")])
def test_health_answers_503_while_a_required_part_is_away(mode: str, status: int, word: str) -> None:
    with start(mode) as process:
        assert process.stdout is not None
        process.stdout.readline()
        code, answer = health_of(process)
        process.terminate()
        process.communicate(timeout=60)
    assert (code, answer["status"]) == (status, word)
    assert {"service", "version", "uptime_seconds", "dependencies"} <= answer.keys()


def test_a_service_that_has_not_started_is_not_healthy() -> None:
    assert health_body("x", {}, 1.0, ready=False)["status"] == "starting"


def test_an_optional_part_that_is_away_only_degrades() -> None:
    parts = {"feed": DependencyHealth(ok=False, required=False), "broker": DependencyHealth(ok=True)}
    assert health_body("x", parts, 1.0, ready=True)["status"] == "degraded"


def test_metrics_are_served_beside_health_and_nothing_else_is() -> None:
    server = HealthServer("x", "127.0.0.1", 0, dict)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=30) as answer:
            assert b"cryptoboy_errors_total" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/secrets", timeout=5)
    finally:
        server.close()


def test_a_port_in_use_is_a_message_about_health_port() -> None:
    server = HealthServer("x", "127.0.0.1", 0, dict)
    try:
        with pytest.raises(StopProgram, match="HEALTH_PORT"):
            HealthServer("y", "127.0.0.1", server.port, dict)
    finally:
        server.close()


def test_a_second_copy_on_trial_takes_a_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    first = HealthServer("news_poller", "127.0.0.1", 0, dict)
    monkeypatch.setitem(USUAL_PORTS, "news_poller", first.port)
    try:
        for host in ("127.0.0.1", "0.0.0.0"):
            second = runner._health_server("news_poller", Settings(health_host=host), dict)
            second.close()
            assert second.port != first.port
    finally:
        first.close()


@pytest.mark.parametrize("settings", [Settings(), Settings(health_port=1)])
def test_a_port_that_is_set_or_taken_by_another_service_is_a_mistake(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "news_poller" if settings.health_port else "signal_cacher"
    first = HealthServer(name, "127.0.0.1", 0, dict)
    monkeypatch.setitem(USUAL_PORTS, "news_poller", first.port)
    if settings.health_port:
        settings = settings.changed(health_port=first.port)
    try:
        with pytest.raises(StopProgram, match="HEALTH_PORT"):
            runner._health_server("news_poller", settings, dict)
    finally:
        first.close()


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", b"220 mail.example ready\r\n"]
)
def test_a_port_that_another_program_has_is_a_mistake(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setitem(USUAL_PORTS, "news_poller", taken.getsockname()[1])

        def serve() -> None:
            connection, _ = taken.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        with pytest.raises(StopProgram, match="HEALTH_PORT"):
            runner._health_server("news_poller", Settings(), dict)
        serving.join(60)


def test_being_stopped_while_waiting_for_a_part_is_noticed_at_once() -> None:
    stop = threading.Event()

    def away() -> None:
        stop.set()
        raise TryLater("away", after=3600)

    began = time.monotonic()
    assert start_with_backoff(away, stop, "x") is False
    assert time.monotonic() - began < 60


def test_logs_are_json_when_asked_and_name_the_service(tmp_path: Path) -> None:
    with start("never") as process:
        _, err = process.communicate(timeout=60)
    entries = [json.loads(line) for line in err.splitlines()]
    assert all({"timestamp", "level", "event", "service"} <= entry.keys() for entry in entries)
