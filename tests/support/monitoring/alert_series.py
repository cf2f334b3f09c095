"""Made-up series for the tests of alerts: what is scraped, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STEP = 15
"""Seconds between two samples and between two evaluations, as in prometheus.yml."""
GOOD = 600
"""Every case is well for so many seconds first."""

Series = Sequence[float | None]


@dataclass(frozen=True)
class Case:
    """One way to raise an alert.

    Attributes:
        series: samples by series, one each `STEP` seconds from second 0 on.
        fires: the first second at which the alert fires.
        ends: the first second at which it does not any more.
        labels: of the firing alert, beside its name and severity.
    """

    alert: str
    series: Mapping[str, Series]
    fires: int
    ends: int
    labels: Mapping[str, str]


def levels(*parts: tuple[float | None, int]) -> list[float | None]:
    """A gauge: so much for so many seconds, then the next; None where it is not scraped."""
    return [value for value, seconds in parts for _ in range(seconds // STEP)]


def dip(good: float | None, bad: float | None, seconds: int) -> list[float | None]:
    """`good`, then `bad` for so many seconds from `GOOD` on, then `good` again."""
    return levels((good, GOOD), (bad, seconds), (good, GOOD))


def clock(stands_from: int, stands_to: int, until: int) -> list[float | None]:
    """A timestamp that follows the time, except between two moments."""
    return [
        float(stands_from if stands_from < second < stands_to else second) for second in range(0, until, STEP)
    ]


def rising(*parts: tuple[float, int]) -> list[float | None]:
    """A counter that grows by so much a second for so many seconds."""
    values: list[float | None] = [0.0]
    for per_second, seconds in parts:
        for _ in range(seconds // STEP):
            values.append((values[-1] or 0.0) + per_second * STEP)
    return values


def dependency(service: str, name: str, seconds: int) -> dict[str, Series]:
    """A service that cannot use a dependency for so many seconds."""
    series = f'cryptoboy_dependency_up{{service="{service}",dependency="{name}",job="j",instance="i"}}'
    return {series: dip(1, 0, seconds)}


def up(job: str, values: Series, instance: str = "i") -> dict[str, Series]:
    """What Prometheus itself notes of a scrape."""
    return {f'up{{job="{job}",instance="{instance}"}}': values}
