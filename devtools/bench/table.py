"""The result table for people; each row is printed before the next one is measured."""

from __future__ import annotations

from devtools.bench.results import Result

_ROW = "{:32} {:>20} {:>9} {:>6}  {:>11}  {:>7}  {}"
_THREE_DIGITS = 100
HEADER = _ROW.format("case", "value", "baseline", "ratio", "quartiles", "target", "met")


def line_of(result: Result) -> str:
    """The table row of a result."""
    return _ROW.format(
        result.name,
        f"{_short(result.value)} {result.unit}",
        _short(result.baseline),
        f"{result.ratio:.2f}",
        f"{result.ratio_low:.2f}-{result.ratio_high:.2f}",
        "" if result.target is None else str(result.target),
        {True: "yes", False: "no", None: ""}[result.met],
    ).rstrip()


def _short(number: float) -> str:
    """The number with three significant digits, or with all digits before the point if those are more than three."""
    return f"{number:,.0f}" if abs(number) >= _THREE_DIGITS else f"{number:.3g}"
