"""What the container tests show while they run, and the last line that they print."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from typing import Any, NoReturn

import pytest

NOT_RUN = 77
"""Status of a run in which nothing was tested."""
_OUTPUT = "containers_not_run"


class Progress:
    """A plugin of pytest: a line for each test with the seconds since the start, and the counts as the last line.

    With pytest-xdist each worker has one, which only shows what `say` is called with: results are shown by the process
    that started the workers.

    Attributes:
        not_run: why nothing was tested; empty where something was.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._worker: str = getattr(config, "workerinput", {}).get("workerid", "")
        self._began = time.monotonic()
        self._passed: set[str] = set()
        self._failed: set[str] = set()
        self._ended_early = ""
        self.not_run = ""

    def say(self, text: str, word: str = "") -> None:
        """Show a line at once, whatever is captured."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        capture = self._config.pluginmanager.getplugin("capturemanager")
        line = f"{word:6} {time.monotonic() - self._began:4.0f} s  {text}"
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            if self._worker:  # its standard output goes nowhere
                sys.stderr.write(f"{line} [{self._worker}]\n")
                sys.stderr.flush()
            else:
                reporter.write_line(line)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count and show each test once: when its call is over, or when what surrounds it fails."""
        if self._worker:
            return
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

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """A worker says why it tested nothing."""
        if self._worker:
            self._config.workeroutput[_OUTPUT] = self.not_run  # type: ignore[attr-defined] # pytest-xdist's

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Where a worker could test nothing, all workers end."""
        problem = getattr(node, "workeroutput", {}).get(_OUTPUT, "")
        if problem and not self.not_run:
            self.end_untested(problem)

    def end_untested(self, problem: str) -> NoReturn:
        """End the run, with a status of its own unless something has failed."""
        self.not_run = problem
        pytest.exit(f"containers NOT RUN: {problem}", returncode=1 if self._failed else NOT_RUN)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """The last line."""
        if self._worker:
            return
        if self.not_run:
            tested = f"Only {self._counts()}." if self._passed or self._failed else "Nothing was tested."
            self._last(f"containers NOT RUN: {' '.join(self.not_run.split())}. {tested}")
        elif self._ended_early:
            self._last(f"{self._ended_early}: {self._counts()}, the others were not run")
        else:
            self._last(self._counts())

    def _counts(self) -> str:
        return f"{len(self._passed - self._failed)} passed, {len(self._failed)} failed"

    def _last(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
