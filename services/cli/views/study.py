"""The tables of `cryptoboy history study`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from services.cli.support.answers import figures_table

_SOURCES = 12
Row = Mapping[str, Any]


def show_study(found: Row, console: Console) -> None:
    """Print the study's JSON object as tables, and its verdict last."""
    signals = found["signals"]
    console.print(
        f"{signals['events']} events from {signals['articles']} articles at {signals['instants']} instants, "
        f"{', '.join(found['pairs'])}, {found['timeframe']} candles, {found['period']['from'][:16]} to "
        f"{found['period']['to'][:16]} UTC"
    )
    console.print(
        f"{signals['corrections']} corrections, {signals['market_scope']} about the market, "
        f"{signals['degraded']} degraded; left out: {_left_out(signals['left_out'])}"
    )
    for horizon in found["horizons"]:
        if not horizon["measurable"]:
            console.print(f"{horizon['horizon']} is not measurable: {horizon['reason']}")
    console.print(_labels(found))
    console.print(_correlations(found))
    console.print(_decay(found))
    console.print(found["verdict"])


def _left_out(counts: Row) -> str:
    lost = ", ".join(f"{count} of {pair}" for pair, count in counts["without_candles"].items())
    return (
        f"{counts['repeated_or_superseded']} repeated or superseded, "
        f"{counts['corrections_without_change']} corrections that change nothing, "
        f"{counts['not_selected']} not asked for, without candles {lost or 'none'}"
    )


def _labels(found: Row) -> Table:
    title = "Return after signals, %; abnormal is less the pair's own mean"
    table = figures_table(title, ["horizon", "label"], ["events", "apart", "mean", "abnormal", "p"])
    for cell in found["cells"]:
        if cell["group"] not in {"all", "label"} or cell["events"] is None:
            continue
        table.add_row(
            cell["horizon"],
            cell["key"].get("label", "all"),
            str(cell["events"]),
            str(cell["independent"]),
            _signed(cell["mean_return_pct"]),
            _with_reach(cell["abnormal_return_pct"], cell["abnormal_return_interval"]),
            _p_value(cell["abnormal_return_p"], cell["abnormal_stands"]),
        )
    return table


def _correlations(found: Row) -> Table:
    """A table with one row for all events, for each pair and for each frequent source, and one column per horizon."""
    rows: dict[tuple[str, str], dict[str, Row]] = {}
    for cell in found["cells"]:
        if cell["group"] in {"all", "pair", "source"} and cell["events"] is not None:
            name = next(iter(cell["key"].values()), "all")
            rows.setdefault((cell["group"], name), {})[cell["horizon"]] = cell
    sources = sorted((key for key in rows if key[0] == "source"), key=lambda key: -_most(rows[key]))
    shown = [key for key in rows if key[0] != "source"] + sources[:_SOURCES]
    more = f", {_SOURCES} of {len(sources)} sources" if len(sources) > _SOURCES else ""
    horizons = _measured(found)
    title = f"Rank correlation of score and return{more}; * stands among all"
    table = figures_table(title, ["events of"], ["events", *horizons])
    for key in shown:
        cells = rows[key]
        table.add_row(key[1], str(_most(cells)), *(_correlation(cells.get(horizon)) for horizon in horizons))
    return table


def _decay(found: Row) -> Table:
    horizons = _measured(found)
    table = figures_table("Entering late: rank correlation of score and return", ["late"], horizons)
    for delay in found["delays"]:
        points = {point["horizon"]: point for point in found["decay"] if point["delay"] == delay["delay"]}
        texts = [_correlation(points.get(horizon)) for horizon in horizons]
        table.add_row(delay["delay"], *(texts if delay["measurable"] else ["not measurable" for _ in texts]))
    return table


def _measured(found: Row) -> Sequence[str]:
    return [horizon["horizon"] for horizon in found["horizons"] if horizon["measurable"]]


def _most(cells: Mapping[str, Row]) -> int:
    return max(int(cell["events"]) for cell in cells.values())


def _correlation(cell: Row | None) -> str:
    if cell is None or cell["correlation"] is None:
        return "-"
    star = "*" if cell.get("correlation_stands") else ""
    return f"{_with_reach(cell['correlation'], cell['correlation_interval'])}{star}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _with_reach(value: float | None, interval: Sequence[float] | None) -> str:
    """A value with half the width of its interval, which is symmetric."""
    if value is None or interval is None:
        return _signed(value)
    return f"{value:+.3f} ±{interval[1] - value:.3f}"


def _p_value(value: float | None, stands: bool | None) -> str:
    return "-" if value is None else f"{value:.3f}{'*' if stands else ''}"
