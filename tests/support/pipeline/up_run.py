"""`./cryptoboy up` as a process, on a replayed exchange and feeds of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import Item, rss
from tests.support.waiting import eventually

START_SECONDS = 150.0
STOP_SECONDS = 90.0


class Up:
    """The run.

    Attributes:
        settings: the settings of the run.
        lines: what it has told.
    """

    def __init__(self, settings: Settings, process: subprocess.Popen[str]) -> None:
        self.settings = settings
        self.lines: list[str] = []
        self._process = process
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, words: str) -> str:
        """Wait until it tells a line with these words, and return the line."""
        eventually(
            lambda: self.said(words) or self._process.poll() is not None,
            lambda: f"`up` says {words!r}: {self.tails()}",
            START_SECONDS,
        )
        found = self.said(words)
        assert found, self.tails()
        return found

    def said(self, words: str) -> str:
        """The first line with these words; empty if there is none yet."""
        return next((line for line in list(self.lines) if words in line), "")

    def log(self, name: str) -> str:
        """The log of a program so far."""
        path = self.settings.state_dir / "up" / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def wait_for_log(self, name: str, words: str, times: int = 1) -> None:
        """Wait until a program's log has these words so often."""
        eventually(
            lambda: self.log(name).count(words) >= times,
            lambda: f"{name} logs {words!r}: {self.tails()}",
            START_SECONDS,
        )

    def bot(self) -> httpx.Client:
        """A client of Freqtrade's API."""
        config = json.loads((self.settings.state_dir / "up" / "freqtrade.json").read_text())["api_server"]
        base = f"http://127.0.0.1:{config['listen_port']}/api/v1"
        login = (config["username"], config["password"])
        return httpx.Client(base_url=base, auth=login, trust_env=False, timeout=30)

    def command(self, *arguments: str) -> Any:
        """What a command of `./cryptoboy` answers with --json."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "services.cli", *arguments, "--json"],
            env=environment(self.settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def page(self, path: str) -> str:
        """What the API answers."""
        url = f"http://127.0.0.1:{self.settings.api_port}{path}"
        return httpx.get(url, trust_env=False, timeout=30).raise_for_status().text

    def tails(self) -> str:
        """What was told, and the ends of all logs."""
        logs = sorted((self.settings.state_dir / "up" / "logs").glob("*.log"))
        ends = [f"--- {log.name}\n{log.read_text()[-1000:]}" for log in logs]
        return "\n".join([*self.lines, *ends])

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines.extend(iter(self._process.stdout.readline, ""))


def environment(settings: Settings) -> dict[str, str]:
    """The variables of a process with these settings."""
    inherited = {name: value for name, value in os.environ.items() if name not in Settings.variables()}
    return {**inherited, **settings.environment(), "CRYPTOBOY_ENV_FILE": "", "PYTHONPATH": PYTHON_PATH}


@contextmanager
def running_up(settings: Settings, *options: str) -> Iterator[Up]:
    """Run it until the end of the block, and then stop it as with Ctrl-C."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.pipeline.up_on_loopback", *options],
        cwd=PROJECT_ROOT,
        env=environment(settings) | {"PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{PYTHON_PATH}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Up(settings, process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


class Feeds:
    """Feeds to which stories are added, each of a publisher of its own.

    Attributes:
        file: the file for NEWS_SOURCES_FILE.
    """

    def __init__(self, server: FeedServer, folder: Path, names: tuple[str, ...]) -> None:
        self._items: dict[str, list[Item]] = {name: [] for name in names}
        entries = []
        for name in names:
            url = server.set(f"/{name}", lambda handler, name=name: reply(rss(self._items[name]))(handler))  # type: ignore[misc]  # bound now
            entries.append(f'[[source]]\nname = "{name}"\nurl = "{url}"\n')
        self.file = folder / "sources.toml"
        self.file.write_text("\n".join(entries))

    def add(self, name: str, title: str, text: str = "") -> None:
        """A publisher tells a story now."""
        link = f"https://{name}.example/{len(self._items[name])}"
        self._items[name].append(Item(title, link, datetime.now(UTC), description=text))
