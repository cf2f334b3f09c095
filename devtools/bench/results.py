"""What a case found, and whether that is enough. Pure values."""

from __future__ import annotations

import statistics
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for a ratio: at least, or at most."""

    bound: float
    at_least: bool

    def met_by(self, ratio: float) -> bool:
        """Whether a ratio lies on the right side of the bound, or on it."""
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


def at_least(bound: float) -> Target:
    """The ratio must not be lower."""
    return Target(bound, at_least=True)


def at_most(bound: float) -> Target:
    """The ratio must not be higher."""
    return Target(bound, at_least=False)


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report.

    Attributes:
        name: the case, with what of it after a dot where it measures several things.
        value: ours, the median of the runs.
        unit: of `value` and `baseline`.
        baseline: what it is held against, the median of the runs.
        ratio: `value` / `baseline`.
        ratio_low: lower quartile of the ratios of neighbouring runs: how much they scatter.
        ratio_high: upper quartile.
        target: for the ratio; None where it is only reported.
        runs: how often it was measured.
        note: what the baseline is, in a few words.
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
        """Whether the ratio meets its target; None without one."""
        return None if self.target is None else self.target.met_by(self.ratio)

    def as_json(self) -> dict[str, Any]:
        """With `target` as text such as `>= 1.5`, or null. `measured` is false in what `not_measured` gives."""
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
    """What stands in the JSON for a case that was chosen and not measured to its end."""
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
    """Every latency of a kind, in milliseconds, for the plot."""

    name: str
    milliseconds: tuple[float, ...]


Rows = Generator[Result | Latencies, None, None]
"""What a case gives, each as soon as it is measured."""


def compare(
    name: str,
    unit: str,
    values: Sequence[float],
    baselines: Sequence[float],
    target: Target | None,
    *,
    note: str = "",
) -> Result:
    """The result of runs and of the baseline runs beside them, as many of each.

    Raises:
        ValueError: there are none, or not as many, or a baseline is 0.
    """
    if not values or len(values) != len(baselines):
        raise ValueError(f"{name}: {len(values)} runs and {len(baselines)} of the baseline, expected as many")
    if not all(baselines):
        raise ValueError(f"{name}: a baseline of 0 cannot be compared with")
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
    """The value below which `percent` (0..100) of the values lie, between neighbours by straight line.

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
