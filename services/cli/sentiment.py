"""`cryptoboy sentiment`: the current sentiment of each pair, as the strategy would find it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from services.cli.support.answers import answer_console
from services.cli.support.options import OF_STORE, Json, next_step, settings_for, store_hint
from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.common.store.current import published_at
from services.common.values import check_pair
from services.launch.freqtrade.config import strategy_section
from services.operations.entries import entries_of


def sentiment(
    pairs: Annotated[
        list[str] | None, typer.Argument(help="Pairs such as BTC/USDT; default: TRADING_PAIRS.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Show score, label, age and headline of the newest signal for each pair, and the aggregate of recent ones.

    States: fresh; or what the strategy takes for no sentiment: stale, none, suspected (something in the article was
    meant for a machine), weight 0 (so its source counts). A suspected one is shown where there is no other.

    Example: ./cryptoboy sentiment BTC/USDT
    """
    from services.common.store.open import open_store

    settings = settings_for(uses=OF_STORE | {"trading_pairs"})
    wanted = _checked(pairs) or settings.trading_pairs
    store = open_store(settings)
    try:
        with next_step(store_hint(settings)):
            current = store.current(wanted)
            entries = entries_of(store.holds.read())
            scored = store.scored_pairs()
    finally:
        store.close()
    now = datetime.now(UTC)
    limit = settings.sentiment_staleness_hours
    aggregates = _aggregates(settings, wanted, now)
    rows = {pair: _row(fields, aggregates[pair], now, limit) for pair, fields in current.items()}
    unscored = [] if scored is None else [pair for pair in wanted if pair not in scored]
    if json_output:
        print(json.dumps({**entries.as_json(), "unscored": unscored, "pairs": rows}))
        return
    columns = ("pair", "score", "label", "age", "state", "aggregate", "source")
    table = Table(*columns, box=SIMPLE, padding=(0, 1, 0, 0))
    headlines = []
    for pair, row in rows.items():
        if row is None:
            table.add_row(pair, "", "", "", "none", "", "")
        else:
            age = f"{float(str(row['age_hours'])):.1f} h"
            score, label = f"{float(str(row['score'])):+.2f}", str(row["label"])
            source = Text(str(row["source"]))
            table.add_row(pair, score, label, age, str(row["state"]), _shown(aggregates[pair]), source)
            headlines.append(Text(f" {pair}: {row['headline']}"))
    console = answer_console()
    console.print(table, *headlines, sep="\n")
    if unscored:
        console.print(f"Nobody scores {', '.join(unscored)}: not among the TRADING_PAIRS of the services.")
    if entries.state != "open":
        console.print(Text(f"New entries are refused: {entries.why}."), soft_wrap=True)


def _checked(pairs: list[str] | None) -> tuple[str, ...]:
    try:
        return tuple(check_pair(pair) for pair in pairs or ())
    except ValueError as error:
        raise StopProgram(str(error)) from None


def _aggregates(settings: Settings, pairs: Sequence[str], now: datetime) -> dict[str, dict[str, object]]:
    """What the strategy, at its defaults, would make of each pair's recent signals if a candle closed now."""
    import services.research  # noqa: F401 - makes the strategy's package importable

    import cryptoboy_sentiment as news  # isort: skip

    staleness = timedelta(hours=settings.sentiment_staleness_hours)
    at = strategy_section(settings)
    with news.connect(
        at["redis_host"],
        at["redis_port"],
        at["redis_password"],
        path=at["redis_socket"],
        user=at["redis_user"],
        tls=at["redis_tls"],
        ca_file=at.get("redis_ca_file"),
        cert_file=at.get("redis_cert_file"),
        key_file=at.get("redis_key_file"),
    ) as client:
        source = news.RedisSignals(client, window=staleness)
        source.refresh(pairs, now)
    found: dict[str, dict[str, object]] = {}
    for pair in pairs:
        if not source.readable(pair):
            found[pair] = {"score": None, "weight": 0.0, "signals": 0, "state": "unreadable"}
            continue
        at_now = news.aggregate_at(source.signals(pair), now, staleness=staleness)
        score = None if math.isnan(at_now.score) else round(at_now.score, 4)
        weight = round(at_now.weight, 4)
        found[pair] = {"score": score, "weight": weight, "signals": at_now.signals, "state": at_now.status}
    return found


def _shown(aggregate: Mapping[str, object]) -> str:
    if aggregate["score"] is None:
        return str(aggregate["state"])
    return f"{float(str(aggregate['score'])):+.2f} of {aggregate['signals']}"


def _doubt(fields: Mapping[str, str]) -> str:
    """Why a signal opens no trade and ends none, however fresh it is; empty where there is no doubt."""
    if fields.get("suspected") == "true":
        return "suspected"
    return "weight 0" if float(fields.get("weight", 1)) == 0 else ""


def _row(
    fields: Mapping[str, str] | None, aggregate: Mapping[str, object], now: datetime, limit: float
) -> dict[str, object] | None:
    """The hash of one pair with its age by publication; what is not fresh the strategy counts as none.

    A hash that somebody else wrote otherwise counts as none.
    """
    try:
        age = (now - published_at(fields or {})).total_seconds() / 3600
        score = float((fields or {})["score"])
        state = "stale" if age > limit else _doubt(fields or {}) or "fresh"
    except (KeyError, ValueError):
        return None
    return {
        "label": "",
        "source": "",
        "headline": "",
        **(fields or {}),
        "score": score,
        "age_hours": round(age, 3),
        "state": state,
        "aggregate": aggregate,
    }
