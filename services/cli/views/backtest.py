"""The tables of `cryptoboy backtest`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from services.cli.support.answers import figures_table

Row = Mapping[str, Any]
_NAMES = {
    "trades": ("trades", 0),
    "profit_pct": ("profit %", 2),
    "sharpe": ("Sharpe", 2),
    "sortino": ("Sortino", 2),
    "calmar": ("Calmar", 2),
    "max_drawdown_pct": ("drawdown %", 2),
    "profit_factor": ("profit factor", 2),
    "win_rate": ("win rate", 2),
    "exposure": ("exposure", 3),
    "fees": ("fees", 2),
}


def show_backtest(found: Row, console: Console) -> None:
    """Print the backtest's JSON object as tables, and its verdict last."""
    period, assumed = found["period"], found["assumptions"]
    console.print(
        f"{found['strategy']} on {', '.join(found['pairs'])}, {found['timeframe']} candles, "
        f"{period['from'][:16]} to {period['to'][:16]} UTC; "
        f"{assumed['wallet']:g} {assumed['stake_currency']} at the start, fee {assumed['fee']:.2%}"
    )
    console.print(_variants(found["variants"]))
    console.print(_rules(found["rules"]))
    console.print(_thresholds(found["signals"]))
    for note in found["notes"]:
        console.print(f"Note: {note}")
    if never := found["rules"]["never"]:
        console.print(f"Never fired: {'; '.join(never)}.")
    console.print(
        f"Difference of combined and technical: {found['statistic']['value']:+.2f} percentage points, "
        f"p = {found['p_value']:.3f} by {found['controls']['runs']} controls."
    )
    console.print(_effect(found["effect"]))
    for line in _own_trades(found.get("own_trades")):
        console.print(line)
    console.print(found["verdict"], style="bold")
    if found["outcome"] == "too_few_trades":
        console.print(found["power"]["sentence"])


def _variants(variants: Row) -> Table:
    table = figures_table("", [""], [name.replace("_", " ") for name in variants])
    for key, (name, places) in _NAMES.items():
        table.add_row(name, *(_number(row[key], places) for row in variants.values()))
    table.add_row("95% of profit", *(_interval(row["intervals"]["profit_pct"]) for row in variants.values()))
    return table


def _effect(effect: Row) -> str:
    return (
        f"Of the trades without news {effect['same']} are the same with it, {effect['ended_otherwise']} ended "
        f"otherwise and {effect['left_out']} were not made; {effect['added']} were made only with news."
    )


def _own_trades(own: Row | None) -> Iterator[str]:
    if own is None:
        return
    yield (
        f"The bot itself opened {own['trades']} trades in that time. Repeated in the same candle with the same tag: "
        f"{own['repeated']}; of these ended alike, or are open in both: {own['ended_alike']}."
    )
    for each in own["differences"]:
        yield f"{each['entered'][:16]} {each['pair']} {each['side']}, {each['what']}: {each['reason']}"


def _rules(rules: Row) -> Table:
    table = figures_table(f"How often rules held, of {rules['candles']} candles", [""], ["candles", "share"])
    rows = {}
    if "entry" in rules:
        rows = {f"entry: {rule}": row for rule, row in rules["entry"]["conditions"].items()}
        rows["entry: all of them"] = rules["entry"]["all"]
        rows |= {f"exit: {rule}": row for rule, row in rules["exit"]["rules"].items()}
    rows |= {f"news blocks entries: {said}": row for said, row in rules.get("blocked", {}).items()}
    for name, row in rows.items():
        table.add_row(name, str(row["candles"]), f"{row['share']:.2%}")
    return table


def _thresholds(signals: Row) -> Table:
    title = f"Beyond the thresholds, of {signals['signals']} signals"
    table = figures_table(title, [""], ["value", "signals", "share", "candles"])
    for row in signals["thresholds"]:
        share = row["signals_share"]
        table.add_row(
            row["name"],
            f"{row['value']:+.2f}",
            str(row["signals"]),
            "-" if share is None else f"{share:.2%}",
            f"{row['candles_share']:.2%}",
        )
    return table


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _interval(interval: Sequence[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:+.1f} to {interval[1]:+.1f}"
