"""Where cases are measured: servers, a folder, how often, and how much of it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devtools.bench.servers import Servers
from devtools.servers.programs import Program
from services.common.freqtrade_variables import without_freqtrade_variables
from services.common.settings.settings import Settings
from services.common.settings.sources import PYTHON_PATH

Report = Callable[[str], None]
QUICK_DIVISOR = 20


@dataclass(frozen=True, slots=True)
class LlmServer:
    """An Ollama server, or what speaks its protocol.

    Attributes:
        url: where it is.
        model: that answers.
        concurrency: requests that it answers at once.
        about: what it is, in a few words.
    """

    url: str
    model: str
    concurrency: int
    about: str


@dataclass(frozen=True, slots=True)
class Lab:
    """What a case may use.

    Attributes:
        servers: RabbitMQ and Redis, started when a case first asks for them.
        folder: for files; removed at the end.
        repeat: runs of each case, and of its baseline.
        quick: a twentieth of the work, to try out the command; the figures mean little.
        report: called with what is being done, for people.
        candles: real candles to use where candles are needed; None: made-up ones.
        llm: a language model's server to use where one is needed; None: a stand-in that only takes time.
    """

    servers: Servers
    folder: Path
    repeat: int
    quick: bool = False
    report: Report = field(default=lambda _text: None)
    candles: Path | None = None
    llm: LlmServer | None = None

    def amount(self, full: int) -> int:
        """How many of something to do: `full`, or fewer for a quick look."""
        return max(1, full // QUICK_DIVISOR) if self.quick else full

    def runs(self) -> Iterator[int]:
        """The numbers of the runs, from 0, each reported when it begins."""
        for run in range(self.repeat):
            self.report(f"run {run + 1} of {self.repeat}")
            yield run

    def interleave(
        self, ours: Callable[[], float], baseline: Callable[[], float]
    ) -> tuple[list[float], list[float]]:
        """Measure both `repeat` times in turn, changing who is first, so that slow drifts meet both alike."""
        values: list[float] = []
        baselines: list[float] = []
        for run in self.runs():
            measures = [(ours, values), (baseline, baselines)]
            for measure, results in measures if run % 2 == 0 else reversed(measures):
                gc.collect()
                results.append(measure())
        return values, baselines

    @contextmanager
    def python(self, name: str, *arguments: str, environ: Mapping[str, str]) -> Iterator[Program]:
        """A Python process with these arguments, ended with the context; its output goes to a file."""
        program = Program([sys.executable, "-P", *arguments], dict(environ), self.folder / f"{name}.out")
        try:
            yield program
        finally:
            program.kill()

    def environ(self) -> dict[str, str]:
        """The environment of a process of ours that needs no server, with the defaults of all settings."""
        return environment_of(Settings(state_dir=self.folder / "state"))

    def settings(self, **changes: object) -> Settings:
        """Those of a service on the lab's RabbitMQ and Redis, with `changes`."""
        servers = self.servers.rabbitmq().settings() | self.servers.redis().settings()
        ours = {"state_dir": self.folder / "state", "log_level": "WARNING"}
        return Settings(**(servers | ours | changes))


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which a process of ours has exactly these settings."""
    ours = settings.environment()
    others = without_freqtrade_variables(os.environ)
    inherited = {name: value for name, value in others.items() if name.upper() not in ours}
    return {**inherited, **ours, "PYTHONPATH": PYTHON_PATH}
