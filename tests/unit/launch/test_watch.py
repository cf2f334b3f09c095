"""Looking after real programs, on a clock that the test moves."""

from __future__ import annotations

import http.server
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.common.errors import StopProgram
from services.launch.supervisor import ProcessSpec, Role, Supervisor
from services.launch.watch import TELL_AFTER_SECONDS, Watch, problem_of
from tests.support.waiting import eventually

STAYS = "import time; time.sleep(600)"


class House:
    """A watch over programs, what it told, and its clock."""

    def __init__(self, supervisor: Supervisor, *programs: ProcessSpec, may_end: bool = True) -> None:
        self.supervisor = supervisor
        self.told: list[str] = []
        self.now = 1000.0
        for spec in programs:
            supervisor.start(spec)
        self.watch = Watch(supervisor, programs, self.told.append, self.now, may_end=may_end)

    def look(self, after: float = 0.0) -> list[str]:
        """What it tells when it looks so many seconds later."""
        self.now += after
        begin = len(self.told)
        self.watch.look(self.now)
        return self.told[begin:]

    def wait_for_the_end_of(self, name: str) -> None:
        """Until the program is no more."""
        eventually(lambda: name not in self.supervisor.pids())


def program(code: str, name: str = "one", **more: Any) -> ProcessSpec:
    return ProcessSpec(name, [sys.executable, "-c", code], dict(os.environ), **more)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path) as running:
        yield running


class Health:
    """A server of /health that says what the test lets it say."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = {"dependencies": {}}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(json.dumps(outer.body).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
                """Nobody reads it."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/health"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def say(self, status: int, **parts: str) -> None:
        """These parts are down, each for this reason; `fine` is well."""
        self.status = status
        down = {name: {"status": "down", "detail": detail} for name, detail in parts.items()}
        self.body = {"dependencies": {"fine": {"status": "ok", "detail": "all well"}, **down}}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def health() -> Iterator[Health]:
    server = Health()
    yield server
    server.close()


def test_that_everything_is_ready_is_told_once(supervisor: Supervisor) -> None:
    house = House(supervisor, program(STAYS, "one"), program(STAYS, "two"))
    assert house.look() == ["everything is ready"]
    assert house.look(TELL_AFTER_SECONDS) == []


def test_a_program_that_ends_is_started_again_after_a_pause_and_its_last_words_are_told(
    supervisor: Supervisor,
) -> None:
    house = House(supervisor, program("print('no more paper'); print(); raise SystemExit(3)"))
    house.wait_for_the_end_of("one")
    assert house.look() == ["one ended with status 3 (no more paper); starting it again in 1 s"]
    house.look(0.9)
    assert supervisor.pids() == {}
    log = supervisor.log("one").path
    house.look(0.2)
    eventually(lambda: log.read_text().count("no more paper") == 2)


def test_after_everything_was_ready_a_program_that_cannot_work_ends_nothing_even_where_there_is_no_bot(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    stay = tmp_path / "stay"
    stay.touch()
    code = (
        f"import pathlib, time\nwhile pathlib.Path({str(stay)!r}).exists(): time.sleep(0.01)\n"
        "print('set SOMETHING'); raise SystemExit(78)"
    )
    house = House(supervisor, program(code, "one"), program(STAYS, "two"))
    assert house.look() == ["everything is ready"]
    stay.unlink()
    house.wait_for_the_end_of("one")
    (told,) = house.look()
    assert told.startswith("one CANNOT WORK as it is configured (set SOMETHING)")
    assert set(supervisor.pids()) == {"two"}


def test_the_error_that_freqtrade_points_to_is_told_with_its_log_and_who_checks_the_exchange(
    supervisor: Supervisor,
) -> None:
    code = "print('ExchangeNotAvailable: GET x'); print('see the above error'); raise SystemExit(2)"
    house = House(supervisor, program(code, "freqtrade"))
    house.wait_for_the_end_of("freqtrade")
    (told,) = house.look()
    log = supervisor.log("freqtrade").path
    assert f"(ExchangeNotAvailable: GET x; log: {log}; ./cryptoboy doctor checks the exchange)" in told


def test_the_pauses_grow_up_to_a_minute_and_are_short_again_after_it_ran_well(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    stay = tmp_path / "stay"
    code = f"import pathlib, time\nwhile pathlib.Path({str(stay)!r}).exists(): time.sleep(0.01)"
    house = House(supervisor, program(code))
    pauses = []
    for _ in range(8):
        house.wait_for_the_end_of("one")
        (told,) = house.look()
        pauses.append(told.rpartition(" in ")[2])
        house.look(60)
    assert pauses == ["1 s", "2 s", "4 s", "8 s", "16 s", "32 s", "60 s", "60 s"]
    house.wait_for_the_end_of("one")
    house.look()
    stay.touch()
    house.look(60)
    house.look(301)
    stay.unlink()
    house.wait_for_the_end_of("one")
    (told,) = house.look()
    assert told.endswith("starting it again in 1 s")


def test_others_go_on_while_one_ends_and_comes_back(supervisor: Supervisor) -> None:
    house = House(supervisor, program("", "one"), program(STAYS, "two"))
    before = supervisor.pids()["two"]
    house.wait_for_the_end_of("one")
    house.look()
    house.look(1)
    assert supervisor.pids()["two"] == before


def test_one_that_is_back_is_told_to_be_well_once_it_is_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"import pathlib, time; time.sleep(600) if pathlib.Path({str(ready)!r}).exists() else 0"
    house = House(supervisor, program(code, is_ready=ready.exists))
    house.wait_for_the_end_of("one")
    house.look()
    ready.touch()
    assert house.look(1) == ["one is well again", "everything is ready"]
    assert house.look(TELL_AFTER_SECONDS) == []


def test_a_program_that_cannot_work_as_it_is_configured_ends_all_with_its_words(
    supervisor: Supervisor,
) -> None:
    house = House(supervisor, program(f"print('set SOMETHING'); raise SystemExit({os.EX_CONFIG})"))
    house.wait_for_the_end_of("one")
    with pytest.raises(StopProgram, match=r"(?s)one cannot work as it is configured.*set SOMETHING"):
        house.look()


def refuses(name: str = "one", **more: Any) -> ProcessSpec:
    """A program that cannot work as it is configured."""
    return program(f"print('set SOMETHING'); raise SystemExit({os.EX_CONFIG})", name, **more)


def bot(code: str = STAYS, **more: Any) -> ProcessSpec:
    return program(code, "freqtrade", role=Role.TRADES, **more)


REFUSED = (
    "one CANNOT WORK as it is configured (set SOMETHING). The others go on without it; trying again in 60 s"
)


@pytest.mark.parametrize("role", [Role.FEEDS, Role.SERVES])
def test_once_freqtrade_was_ready_what_cannot_work_is_told_and_tried_again_each_minute_and_stops_nothing(
    supervisor: Supervisor, tmp_path: Path, role: Role
) -> None:
    cause = tmp_path / "pair-is-halted"
    code = f"import pathlib, time\nwhile not pathlib.Path({str(cause)!r}).exists(): time.sleep(0.01)\n"
    code += f"print('set SOMETHING', flush=True); raise SystemExit({os.EX_CONFIG})"
    house = House(supervisor, program(code, role=role), bot(), program(STAYS, "two"))
    assert house.look() == ["everything is ready"]
    before = supervisor.pids()
    cause.touch()
    for attempt in range(3):
        if attempt:
            house.look(1)
        house.wait_for_the_end_of("one")
        assert house.look() == [REFUSED]
        assert house.watch.refusals() == ["one: set SOMETHING"]
        assert house.look(59) == []
    cause.unlink()
    assert house.look(1) == ["one is well again"]
    assert house.watch.refusals() == []
    assert {name: supervisor.pids()[name] for name in ("freqtrade", "two")} == {
        name: before[name] for name in ("freqtrade", "two")
    }


def test_with_open_trades_nothing_but_freqtrade_itself_can_end_the_start(supervisor: Supervisor) -> None:
    house = House(supervisor, refuses(), bot(is_ready=bool), may_end=False)
    house.wait_for_the_end_of("one")
    assert house.look() == [REFUSED]
    assert "freqtrade" in supervisor.pids()


def test_what_only_records_and_shows_ends_nothing_even_at_the_first_start_and_without_open_trades(
    supervisor: Supervisor,
) -> None:
    house = House(supervisor, refuses(is_needed=False), bot(is_ready=bool))
    house.wait_for_the_end_of("one")
    assert house.look() == [REFUSED]
    assert "freqtrade" in supervisor.pids()


def test_after_all_that_is_needed_was_ready_nothing_ends_all_though_what_records_and_shows_never_worked(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    cause = tmp_path / "cause"
    code = f"import pathlib, time\nwhile not pathlib.Path({str(cause)!r}).exists(): time.sleep(0.01)\n"
    code += f"raise SystemExit({os.EX_CONFIG})"
    house = House(supervisor, program(code, "needed"), refuses(is_needed=False), program(STAYS, "two"))
    house.wait_for_the_end_of("one")
    assert house.look() == [REFUSED]
    cause.touch()
    house.wait_for_the_end_of("needed")
    (told,) = house.look()
    assert told.startswith("needed CANNOT WORK")
    assert supervisor.pids().keys() == {"two"}


def test_what_records_and_shows_and_finds_its_port_in_use_is_told_once_and_started_when_the_port_is_free(
    supervisor: Supervisor,
) -> None:
    house = House(supervisor, bot())
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        house.watch.start(program(STAYS, port=port, is_needed=False), house.now)
        (told,) = house.told
        assert f"one could not be started (one needs port {port}" in told
        assert house.look(60) == []
        assert supervisor.pids().keys() == {"freqtrade"}
    assert house.look(60) == ["one is well again", "everything is ready"]
    assert supervisor.pids().keys() == {"freqtrade", "one"}


def test_a_freqtrade_that_cannot_work_as_it_is_configured_ends_the_start(supervisor: Supervisor) -> None:
    code = f"print('no such strategy'); raise SystemExit({os.EX_CONFIG})"
    house = House(supervisor, bot(code, is_ready=bool), may_end=False)
    house.wait_for_the_end_of("freqtrade")
    with pytest.raises(StopProgram, match=r"(?s)freqtrade cannot work.*no such strategy"):
        house.look()


def test_a_freqtrade_that_was_ready_once_is_tried_again_whatever_ends_it(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    cause = tmp_path / "cause"
    code = f"import pathlib, time\nwhile not pathlib.Path({str(cause)!r}).exists(): time.sleep(0.01)\n"
    house = House(supervisor, bot(code + f"raise SystemExit({os.EX_CONFIG})"))
    assert house.look() == ["everything is ready"]
    cause.touch()
    house.wait_for_the_end_of("freqtrade")
    (told,) = house.look()
    assert told.startswith("freqtrade CANNOT WORK")
    cause.unlink()
    house.look(60)
    assert "freqtrade" in supervisor.pids()


def test_a_program_that_cannot_be_started_again_stops_nothing(supervisor: Supervisor, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    house = House(supervisor, ProcessSpec("one", [str(script)], dict(os.environ)), bot())
    house.wait_for_the_end_of("one")
    script.unlink()
    house.look()
    (told,) = house.look(1)
    assert told.startswith("one could not be started (")
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    script.chmod(0o700)
    house.look(60)
    assert supervisor.pids().keys() == {"one", "freqtrade"}


def test_a_log_that_somebody_removed_stops_nothing(supervisor: Supervisor) -> None:
    house = House(supervisor, program("raise SystemExit(3)"), bot())
    house.wait_for_the_end_of("one")
    supervisor.log("one").path.unlink()
    (told,) = house.look()
    assert told.startswith("one ended with status 3")


def test_what_is_not_well_is_told_when_it_lasts_and_told_once_and_when_it_is_over(
    supervisor: Supervisor, health: Health
) -> None:
    house = House(supervisor, program(STAYS, health_url=health.url))
    assert house.look() == ["everything is ready"]
    health.say(503, broker="RabbitMQ is away")
    assert house.look() == []
    assert house.look(TELL_AFTER_SECONDS - 1) == []
    assert house.look(1) == ["one is not ready: broker: RabbitMQ is away"]
    health.say(503, broker="RabbitMQ is still away")
    assert house.look(TELL_AFTER_SECONDS) == []
    health.say(200)
    assert house.look() == ["one is well again"]
    assert house.look(TELL_AFTER_SECONDS) == []


def test_what_programs_need_and_is_down_is_returned_at_once_by_its_name(
    supervisor: Supervisor, health: Health
) -> None:
    house = House(supervisor, program(STAYS, health_url=health.url), program(STAYS, "two"))
    health.say(503, broker="away", lag="behind")
    assert house.watch.look(house.now) == {"broker", "lag"}
    health.say(200)
    assert house.watch.look(house.now) == frozenset()


def test_what_passes_soon_is_not_told(supervisor: Supervisor, health: Health) -> None:
    house = House(supervisor, program(STAYS, health_url=health.url))
    house.look()
    for _ in range(3):
        health.say(503, broker="away")
        assert house.look(TELL_AFTER_SECONDS - 1) == []
        health.say(200)
        assert house.look(1) == []


def test_another_trouble_is_another_story(supervisor: Supervisor, health: Health) -> None:
    house = House(supervisor, program(STAYS, health_url=health.url))
    house.look()
    health.say(503, broker="away")
    house.look()
    assert house.look(TELL_AFTER_SECONDS) == ["one is not ready: broker: away"]
    health.say(200, lag="behind")
    house.look()
    assert house.look(TELL_AFTER_SECONDS) == ["one works, but not with everything: lag: behind"]


@pytest.mark.parametrize("body", [None, [], {"detail": "Not Found"}, {"dependencies": {"odd": {}}}])
def test_an_answer_of_another_shape_is_a_trouble_like_any_other(
    supervisor: Supervisor, health: Health, body: Any
) -> None:
    health.status, health.body = 404, body
    house = House(supervisor, program("print('what it said', flush=True); " + STAYS, health_url=health.url))
    eventually(lambda: "what it said" in supervisor.log("one").last_line())
    house.look()
    (told,) = house.look(TELL_AFTER_SECONDS)
    assert told.startswith("one is not ready: ")


def test_a_program_without_health_shows_its_last_words(supervisor: Supervisor) -> None:
    house = House(supervisor, program("print('looking for markets', flush=True); " + STAYS, is_ready=bool))
    eventually(lambda: "looking for markets" in supervisor.log("one").last_line())
    house.look()
    assert house.look(TELL_AFTER_SECONDS) == ["one is not ready: its log ends: looking for markets"]


def test_a_long_trouble_is_cut(supervisor: Supervisor, health: Health) -> None:
    health.say(503, broker="x" * 10_000)
    problem = problem_of(program(STAYS, health_url=health.url), supervisor)
    assert problem is not None
    assert len(problem.text) < 400
