"""Samples the memory, the files, the connections and the threads of processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devtools.endurance.verdict import Sample
from services.common.errors import StopProgram, TryLater

if TYPE_CHECKING:
    import psutil

LOOK_SECONDS = 2.0


@dataclass(slots=True)
class Watch:
    """The process ids to watch, by service name, and the samples taken of them."""

    processes: Mapping[str, int]
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def look(self, seconds: float) -> None:
        """Take a sample of each process. Raises TryLater if a process has ended."""
        import psutil

        for name, pid in self.processes.items():
            try:
                sample = _sample(psutil.Process(pid), seconds)
            except psutil.Error as error:
                raise TryLater(f"{name} is gone after {seconds:.0f} s: {error}") from error
            self.samples.setdefault(name, []).append(sample)


def watch_for(seconds: float, watch: Watch, report: Callable[[float], None]) -> None:
    """Take samples for this many seconds; `report` is called with the seconds that have passed."""
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        watch.look(passed)
        report(passed)
        time.sleep(LOOK_SECONDS)
    watch.look(time.monotonic() - begin)


def check_that_it_can_watch() -> None:
    """Raise StopProgram if psutil is not installed."""
    from importlib.util import find_spec

    if find_spec("psutil") is None:
        raise StopProgram("psutil is not installed; ./cryptoboy test --only-install installs it")


def _sample(process: psutil.Process, seconds: float) -> Sample:
    """A sample of the process and of those of its descendants that still run when they are read."""
    import psutil

    memory = files = connections = threads = 0
    for each in (process, *process.children(recursive=True)):
        try:
            with each.oneshot():
                figures = (
                    each.memory_info().rss,
                    each.num_fds(),
                    len(each.net_connections("tcp")),
                    each.num_threads(),
                )
        except psutil.NoSuchProcess:
            if each is process:
                raise
            continue  # a reader process of the poller, which lives for some milliseconds
        memory, files = memory + figures[0], files + figures[1]
        connections, threads = connections + figures[2], threads + figures[3]
    return Sample(seconds, memory, files, connections, threads)
