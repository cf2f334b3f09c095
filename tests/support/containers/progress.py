"""What the container tests show while they run, and the last line that they print."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext

import pytest


class Progress:
    """A plugin of pytest: a line for each test with the seconds since the start, and the counts as the last line.

    Attributes:
        not_run: why nothing was tested; empty where something was.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = time.monotonic()
        self._passed: set[str] = set()
        self._failed: set[str] = set()
        self._ended_early = ""
        self.not_run = ""

    def say(self, text: str, word: str = "") -> None:
        """Show a line at once, whatever is captured."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        capture = self._config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            reporter.write_line(f"{word:6} {time.monotonic() - self._began:4.0f} s  {text}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count and show each test once: when its call is over, or when what surrounds it fails."""
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self._passed.add(report.nodeid)
        if report.failed or report.when == "call":
            words = {"passed": "ok", "failed": "FAILED"}
            self.say(report.nodeid.rpartition("/")[2], words.get(report.outcome, report.outcome))

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> tuple[str, str, str] | None:
        """The lines above take the place of pytest's letters."""
        when = getattr(report, "when", "")
        if when == "call" and report.passed:
            return "passed", "", ""
        return ("error" if when in {"setup", "teardown"} else "failed", "", "") if report.failed else None

    def pytest_keyboard_interrupt(self) -> None:
        """Say at once that the end has begun, which takes some seconds."""
        self._ended_early = "interrupted"
        if not self.not_run:
            self.say("stopping: the containers and their engine are taken down")

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """The last line."""
        if self.not_run:
            self._last(f"containers NOT RUN: {' '.join(self.not_run.split())}. Nothing was tested.")
        elif self._ended_early:
            self._last(f"{self._ended_early}: {self._counts()}, the others were not run")
        else:
            self._last(self._counts())

    def _counts(self) -> str:
        return f"{len(self._passed - self._failed)} passed, {len(self._failed)} failed"

    def _last(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
