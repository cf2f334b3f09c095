"""The results of cases, their targets, and the comparison of a result with its target, without input or output."""

from __future__ import annotations

import statistics
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A lower or an upper bound for a ratio."""

    bound: float
    at_least: bool

    def met_by(self, ratio: float) -> bool:
        """Whether a ratio satisfies the bound; a ratio equal to the bound does."""
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


def at_least(bound: float) -> Target:
    """A target that is met if the ratio is not lower than `bound`."""
    return Target(bound, at_least=True)


def at_most(bound: float) -> Target:
    """A target that is met if the ratio is not higher than `bound`."""
    return Target(bound, at_least=False)


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report.

    Attributes:
        name: the case's name; if the case has several results, a dot and the result's name follow.
        value: the median of our runs.
        unit: the unit of `value` and `baseline`.
        baseline: the median of the baseline's runs.
        ratio: `value` / `baseline`.
        ratio_low: the lower quartile of the ratios of each run to the baseline run made with it.
        ratio_high: the upper quartile of these ratios; the two quartiles show how much the ratios vary.
        target: the target for the ratio; None if the ratio is only reported.
        runs: the number of runs.
        note: a short description of the baseline.
    """

    name: str
    value: float
    unit: str
    baseline: float
    ratio: float
    ratio_low: float
    ratio_high: float
    target: Target | None
    runs: int
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the ratio meets its target; None if there is no target."""
        return None if self.target is None else self.target.met_by(self.ratio)

    def as_json(self) -> dict[str, Any]:
        """The result as a JSON object; `target` is a text such as `>= 1.5`, or null, and `measured` is true."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "ratio": self.ratio,
            "target": None if self.target is None else str(self.target),
            "met": self.met,
            "ratio_low": self.ratio_low,
            "ratio_high": self.ratio_high,
            "runs": self.runs,
            "note": self.note,
            "measured": True,
        }


def not_measured(case: str) -> dict[str, Any]:
    """The JSON object of a case that was chosen but not completely measured; its `measured` is false."""
    fields = (
        "value",
        "unit",
        "baseline",
        "ratio",
        "target",
        "met",
        "ratio_low",
        "ratio_high",
        "runs",
        "note",
    )
    return {"name": case, **dict.fromkeys(fields), "measured": False}


@dataclass(frozen=True, slots=True)
class Latencies:
    """All latencies of one kind in milliseconds, for the plot."""

    name: str
    milliseconds: tuple[float, ...]


Rows = Generator[Result | Latencies, None, None]
"""The results of a case, each of which is yielded as soon as it is measured."""


def compare(
    name: str,
    unit: str,
    values: Sequence[float],
    baselines: Sequence[float],
    target: Target | None,
    *,
    note: str = "",
) -> Result:
    """The result of our runs compared with the same number of baseline runs.

    Raises:
        ValueError: there are no runs, the numbers of runs differ, or a baseline is 0.
    """
    if not values or len(values) != len(baselines):
        raise ValueError(f"{name}: {len(values)} runs and {len(baselines)} of the baseline, expected as many")
    if not all(baselines):
        raise ValueError(f"{name}: the baseline is 0, so there is no ratio")
    ratios = [value / baseline for value, baseline in zip(values, baselines, strict=True)]
    value, baseline = statistics.median(values), statistics.median(baselines)
    return Result(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        ratio=value / baseline,
        ratio_low=percentile(ratios, 25),
        ratio_high=percentile(ratios, 75),
        target=target,
        runs=len(values),
        note=note,
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` (0..100) of the values lie, interpolated linearly between neighbours.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values, so no percentile")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
