"""Whether what was seen of a process means that it grows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

MOST_GROWTH = 0.10
"""Share by which resident memory may grow after the warm-up."""
LEAST_RATE = 0.95
"""Share of the asked-for rate that must pass through each queue."""
WINDOW_SECONDS = 15.0
"""Memory is the median of so long, for it goes up and down."""
COUNTED = ("files", "connections", "threads")


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a service with the processes that it started.

    Attributes:
        seconds: since the load began.
        memory: resident, in bytes.
        files: open file descriptors.
        connections: of TCP.
    """

    seconds: float
    memory: int
    files: int
    connections: int
    threads: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One measure of one service.

    Attributes:
        begin: at the end of the warm-up; of what is counted, the most that was seen then.
        end: at the end of the load; of what is counted, the least that was seen then.
        met: whether it stayed as it is.
    """

    name: str
    measure: str
    begin: float
    end: float
    met: bool

    @property
    def growth(self) -> float:
        """The share by which it grew."""
        return self.end / self.begin - 1 if self.begin else 0.0


def judge(samples: Mapping[str, Sequence[Sample]], warm_up: float) -> list[Finding]:
    """What the samples of each service come to, in memory and in what it holds open.

    Memory: the median of the first `WINDOW_SECONDS` after the warm-up against that of the last. What is counted goes
    up and down with connections that come and go; a leak lifts even the least of it above what was the most before.
    """
    return [finding for name, seen in samples.items() for finding in _of_service(name, seen, warm_up)]


def judge_rate(name: str, asked: float, passed: float) -> Finding:
    """Whether as many messages a second passed through a queue as were asked for."""
    return Finding(name, "messages/s", asked, passed, passed >= LEAST_RATE * asked)


def judge_books(published: int, stored: int, left: int) -> tuple[Finding, Finding]:
    """Whether every article ended as a signal in the store, once, and none is left in a queue."""
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
