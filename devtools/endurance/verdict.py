"""Decides from samples whether the resource use of a process grows; all functions are pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

MOST_GROWTH = 0.10
"""The maximum growth of resident memory after the warm-up, as a share of the memory then."""
LEAST_RATE = 0.95
"""The share of the requested rate that must pass through each queue."""
WINDOW_SECONDS = 15.0
"""Memory fluctuates, so its median over a window of this many seconds is used."""
COUNTED = ("files", "connections", "threads")


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of a service's resource use, including the processes that the service started.

    Attributes:
        seconds: the time since the load began.
        memory: the resident memory in bytes.
        files: the number of open file descriptors.
        connections: the number of TCP connections.
    """

    seconds: float
    memory: int
    files: int
    connections: int
    threads: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one measure of one service.

    Attributes:
        begin: the value in a window after the warm-up: for memory the median, for other resources the maximum.
        end: the value in a window at the end of the load: for memory the median, for other resources the minimum.
        met: whether the requirement on this measure is met.
    """

    name: str
    measure: str
    begin: float
    end: float
    met: bool

    @property
    def growth(self) -> float:
        """The relative growth from `begin` to `end`; 0 if `begin` is 0."""
        return self.end / self.begin - 1 if self.begin else 0.0


def judge(samples: Mapping[str, Sequence[Sample]], warm_up: float) -> list[Finding]:
    """The findings about each service's memory, files, connections and threads.

    For memory, the median of the first `WINDOW_SECONDS` after the warm-up is compared with the median of the last
    `WINDOW_SECONDS`. The other numbers fluctuate because connections are opened and closed, so a leak is only
    reported if the minimum of the last window is above the maximum of the first window.
    """
    return [finding for name, seen in samples.items() for finding in _of_service(name, seen, warm_up)]


def judge_rate(name: str, asked: float, passed: float) -> Finding:
    """Whether messages passed through a queue with at least the share `LEAST_RATE` of the requested rate."""
    return Finding(name, "messages/s", asked, passed, passed >= LEAST_RATE * asked)


def judge_books(published: int, stored: int, left: int) -> tuple[Finding, Finding]:
    """Whether the store has exactly the expected number of signals, and no message is left in a queue."""
    return (
        Finding("queues", "left", 0, left, left == 0),
        Finding("books", "signals", published, stored, published == stored),
    )


def _of_service(name: str, seen: Sequence[Sample], warm_up: float) -> list[Finding]:
    last = seen[-1].seconds
    first = [each for each in seen if warm_up <= each.seconds < warm_up + WINDOW_SECONDS]
    final = [each for each in seen if each.seconds > last - WINDOW_SECONDS]
    if not first or last < warm_up + 2 * WINDOW_SECONDS:
        raise ValueError(f"{name}: {last:.0f} s are too short for a warm-up of {warm_up:.0f} s")
    begin, end = (float(median(each.memory for each in some)) for some in (first, final))
    findings = [Finding(name, "memory", begin, end, end < begin * (1 + MOST_GROWTH))]
    for measure in COUNTED:
        most = max(int(getattr(each, measure)) for each in first)
        least = min(int(getattr(each, measure)) for each in final)
        findings.append(Finding(name, measure, most, least, least <= most))
    return findings
