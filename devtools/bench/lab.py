"""The environment of a measurement: its servers, its folder, the number of runs, and the amount of work."""

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
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import Settings

Report = Callable[[str], None]
QUICK_DIVISOR = 20


@dataclass(frozen=True, slots=True)
class LlmServer:
    """An Ollama server, or another server that speaks its protocol.

    Attributes:
        url: the address of the server.
        model: the name of the model that answers.
        concurrency: the number of requests that the server answers at the same time.
        about: a short description of the server.
    """

    url: str
    model: str
    concurrency: int
    about: str


@dataclass(frozen=True, slots=True)
class Lab:
    """The resources that a case may use.

    Attributes:
        servers: RabbitMQ and Redis, which are started when a case first asks for them.
        folder: a folder for files, which is removed at the end.
        repeat: the number of runs of each case, and of its baseline.
        quick: whether to do only a twentieth of the work, to try out the command; the figures then mean little.
        report: called with a text that describes the running step, for people.
        candles: a folder of real candles for cases that need candles; if None, candles are generated.
        llm: the language model's server for cases that need one; if None, a stand-in with a fixed delay.
    """

    servers: Servers
    folder: Path
    repeat: int
    quick: bool = False
    report: Report = field(default=lambda _text: None)
    candles: Path | None = None
    llm: LlmServer | None = None

    def amount(self, full: int) -> int:
        """The amount of work to do: `full`, or a twentieth of it in a quick run."""
        return max(1, full // QUICK_DIVISOR) if self.quick else full

    def runs(self) -> Iterator[int]:
        """Yield the number of each run, from 0, and report the run when it begins."""
        for run in range(self.repeat):
            self.report(f"run {run + 1} of {self.repeat}")
            yield run

    def interleave(
        self, ours: Callable[[], float], baseline: Callable[[], float]
    ) -> tuple[list[float], list[float]]:
        """Measure `ours` and `baseline` alternately, `repeat` times, so that slow changes of speed affect both."""
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
        """Run Python with these arguments until the context ends; its output goes to a file."""
        program = Program([sys.executable, "-P", *arguments], dict(environ), self.folder / f"{name}.out")
        try:
            yield program
        finally:
            program.kill()

    def environ(self) -> dict[str, str]:
        """The environment variables of a process of ours that needs no server; all settings are the defaults."""
        return environment_of(Settings(state_dir=self.folder / "state"))

    def settings(self, **changes: object) -> Settings:
        """The settings of a service on the lab's RabbitMQ and Redis, with `changes` applied."""
        servers = self.servers.rabbitmq().settings() | self.servers.redis().settings()
        ours = {"state_dir": self.folder / "state", "log_level": "WARNING"}
        return Settings(**(servers | ours | changes))


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment variables that give one of our processes exactly these settings."""
    ours = settings.environment()
    others = without_freqtrade_variables(os.environ)
    inherited = {name: value for name, value in others.items() if name.upper() not in ours}
    return {**inherited, **ours, "PYTHONPATH": PYTHON_PATH}
