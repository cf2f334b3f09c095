"""Books of events against messages: whatever happens to the notifier, none is lost and none comes twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from services.common.history.notifying.rows import NoticeState
from services.common.history.open import open_reader
from services.common.runtime.ports import free_port
from services.common.settings.history import FILE_NAME
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.notifier.receiver import Receiver, receiver
from tests.support.notifier.running import news, notifier_settings, recorded
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
OUTAGE_SECONDS = float(os.environ.get("CHAOS_OUTAGE_SECONDS", "8"))
RULES = "preset = 'everything'\n[channels.phone]\nper_minute = 600\nurgent_per_minute = 600\n"


class Process:
    """A notifier in a process of its own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings, self._log = settings, log
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = {
            **os.environ,
            **self._settings.environment(),
            "HEALTH_PORT": str(self.port),
            "PYTHONPATH": f"{PROJECT_ROOT}:{PROJECT_ROOT / 'user_data/strategies'}",
        }
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.notifier.notifier"],
                cwd=PROJECT_ROOT,
                env=environ,
                stdout=out,
                stderr=out,
            )

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as answer:
                return json.load(answer)["status"] in {"ok", "degraded"}
        except OSError:
            return False

    def wait_until_ready(self) -> None:
        eventually(self.is_ready, lambda: f"the notifier is ready: {self.tail()}")

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> int | None:
        if self._process is None:
            return None
        self._process.terminate()
        return self._process.wait(60)

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(60)

    def tail(self) -> str:
        return "\n".join(self._log.read_text().splitlines()[-15:])


@contextmanager
def process(settings: Settings, log: Path) -> Iterator[Process]:
    running = Process(settings, log)
    running.start()
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.end()


def states(settings: Settings) -> dict[str, NoticeState]:
    with closing(open_reader(settings)) as reader:
        return {row.event_key: row.state for row in reader.notices(limit=1000).rows}


def alerts(phone: Receiver) -> Counter[str]:
    return Counter(title for title in phone.titles if title.startswith("Title"))


def test_a_notifier_killed_between_sending_and_noting_sends_nothing_twice_and_says_what_may_have_come(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        with recorded(settings) as history:
            with process(settings, log) as notifier:
                history.write(news(1))
                phone.wait(1)
                phone.hold.set()  # it has the next one, and does not answer
                history.write(news(2))
                phone.wait_asked(2)
                notifier.kill()
            history.write(news(3))  # while it is off
            phone.hold.clear()
            with process(settings, log):
                phone.wait(4)
                eventually(
                    lambda: set(states(settings).values()) == {NoticeState.TOLD, NoticeState.UNSURE},
                    lambda: str(states(settings)),
                )
    assert alerts(phone) == {"Title 1": 1, "Title 2": 1, "Title 3": 1}
    (digest,) = (body for body in phone.bodies if "notice from" in body["title"])
    assert "May have arrived or not, so it is not sent again (1):\n- Title 2" in digest["message"]
    assert states(settings)["story:article-2"] is NoticeState.UNSURE


def test_a_notifier_killed_again_and_again_tells_each_story_once(tmp_path: Path) -> None:
    log, count = tmp_path / "log", 60
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        with recorded(settings) as history:
            for number in range(1, count + 1):
                if number == 1:
                    running = Process(settings, log)
                    running.start()
                    running.wait_until_ready()
                history.write(news(number))
                if number % 15 == 0:
                    phone.wait_asked(phone.asked + 1)
                    running.kill()
                    running.start()
            eventually(
                lambda: (
                    len(states(settings)) >= count
                    and not {NoticeState.WAITING, NoticeState.SENDING, NoticeState.DELAYED}
                    & set(states(settings).values())
                ),
                lambda: f"{Counter(states(settings).values())} {running.tail()}",
            )
            running.end()
    found = states(settings)
    stories = {f"story:article-{number}" for number in range(1, count + 1)}
    assert stories <= found.keys()
    assert max(alerts(phone).values()) == 1
    named = "\n".join(body["message"] for body in phone.bodies if "notice" in body["title"])
    for key in stories:
        title = f"Title {key.removeprefix('story:article-')}"
        assert (found[key] is NoticeState.TOLD and title in alerts(phone)) or f"- {title}" in named, key


def test_while_the_history_cannot_be_written_nothing_is_sent_and_nothing_lost(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        with recorded(settings) as history, process(settings, tmp_path / "log"):
            for number in range(1, 11):
                history.write(news(number))
            with closing(sqlite3.connect(settings.state_dir / FILE_NAME, isolation_level=None)) as blocker:
                blocker.execute("BEGIN IMMEDIATE")
                locked = len(phone.bodies)
                time.sleep(OUTAGE_SECONDS)
                assert len(phone.bodies) <= locked + 1  # the one that was claimed before
                blocker.execute("ROLLBACK")
            phone.wait(10)
            eventually(
                lambda: set(states(settings).values()) == {NoticeState.TOLD}, lambda: str(states(settings))
            )
    assert alerts(phone) == {f"Title {number}": 1 for number in range(1, 11)}


def test_a_second_notifier_ends_and_the_first_goes_on(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        with recorded(settings) as history, process(settings, tmp_path / "log"):
            second = Process(settings, tmp_path / "second")
            second.start()
            assert second.wait() == os.EX_CONFIG
            assert "a notifier is running already" in second.tail()
            history.write(news(1))
            assert phone.wait(1) == ["Title 1"]


def test_a_second_notifier_of_another_machine_ends_and_the_first_goes_on(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        with recorded(settings) as history, process(settings, tmp_path / "log"):
            url = f"sqlite:///{settings.state_dir / FILE_NAME}"
            elsewhere = settings.changed(state_dir=tmp_path / "elsewhere", history_url=url)
            second = Process(elsewhere, tmp_path / "second")
            second.start()
            assert second.wait() == os.EX_CONFIG
            assert "another notifier is alive" in second.tail()
            history.write(news(1))
            assert phone.wait(1) == ["Title 1"]
