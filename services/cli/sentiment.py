"""`cryptoboy sentiment`: the current sentiment of each pair, as the strategy would find it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.options import Json
from services.common.errors import StopProgram
from services.common.settings import Settings
from services.common.values import check_pair


def sentiment(
    pairs: Annotated[
        list[str] | None, typer.Argument(help="Pairs such as BTC/USDT; default: TRADING_PAIRS.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Show score, label, age and headline of the newest signal for each pair.

    Example: ./cryptoboy sentiment BTC/USDT
    """
    from services.common.store.open import open_store

    settings = Settings.load()
    wanted = _checked(pairs) or settings.trading_pairs
    store = open_store(settings)
    try:
        current = store.current(wanted)
        paused = store.entries_paused()
    finally:
        store.close()
    now = datetime.now(UTC)
    limit = settings.sentiment_staleness_hours
    rows = {pair: _row(fields, now, limit) for pair, fields in current.items()}
    if json_output:
        print(json.dumps({"entries": "paused" if paused else "allowed", "pairs": rows}))
        return
    table = Table("pair", "score", "label", "age", "state", "source", "headline")
    for pair, row in rows.items():
        if row is None:
            table.add_row(pair, "", "", "", "none", "", "")
        else:
            age = f"{float(str(row['age_hours'])):.1f} h"
            texts = [Text(str(row[name])) for name in ("state", "source", "headline")]
            table.add_row(pair, f"{float(str(row['score'])):+.2f}", str(row["label"]), age, *texts)
    console = Console()
    console.print(table)
    if paused:
        console.print("New entries are paused; ./cryptoboy resume lets them again.")


def _checked(pairs: list[str] | None) -> tuple[str, ...]:
    try:
        return tuple(check_pair(pair) for pair in pairs or ())
    except ValueError as error:
        raise StopProgram(str(error)) from None


def _row(fields: Mapping[str, str] | None, now: datetime, limit: float) -> dict[str, object] | None:
    """The hash of one pair with its age by publication; stale means that the strategy counts it as none."""
    if fields is None:
        return None
    age = (now - datetime.fromisoformat(fields["published"])).total_seconds() / 3600
    return {
        **fields,
        "score": float(fields["score"]),
        "age_hours": round(age, 3),
        "state": "stale" if age > limit else "fresh",
    }
