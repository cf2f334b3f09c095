"""`cryptoboy pause` and `resume`: stop the strategy from opening trades, and allow it to open them again."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import OF_STORE, Json, settings_for
from services.common.errors import StopProgram
from services.common.store.redis.client import address_of
from services.operations import holds
from services.operations.connections import connected_store

_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=366)


def pause(
    reason: Annotated[str, typer.Option(help="Why; shown wherever the pause is.")] = "paused by the operator",
    for_: Annotated[
        str | None, typer.Option("--for", help="How long, such as 30m, 2h or 1d; default: until you resume.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Stop new entries. Open trades go on and are closed by their rules.

    Example: ./cryptoboy pause --reason "rate decision" --for 2h
    """
    now = datetime.now(UTC)
    until = None if for_ is None else now + read_duration(for_)
    settings = settings_for(uses=OF_STORE)
    with connected_store(settings) as store:
        entries = holds.pause(store, reason, now, until)
    redis = address_of(settings)
    if json_output:
        print_json({**asdict(entries), "redis": redis})
        return
    end = f"This ends at {until:%Y-%m-%d %H:%M} UTC; before that " if until else ""
    print(
        f"New entries are paused from the bot's next loop on (Redis at {redis}); exits go on. "
        f"{end}./cryptoboy resume allows them again."
    )


def resume(
    owner: Annotated[
        list[str] | None, typer.Option(help="Lift the hold of this owner instead of your own.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Lift every hold, whoever owns it.")] = False,
    json_output: Json = False,
) -> None:
    """Allow the strategy to open trades again: lift the operator's hold, or the holds of the owners that you name.

    If the store has lost its holds, lifting the operator's hold ends this state; entries are then allowed unless a
    hold is in force.

    Example: ./cryptoboy resume
    """
    settings = settings_for(uses=OF_STORE)
    now = datetime.now(UTC)
    with connected_store(settings) as store:
        entries = holds.resume_all(store, now) if everyone else holds.resume(store, now, owner or ())
    redis = address_of(settings)
    if json_output:
        print_json({**asdict(entries), "redis": redis})
    elif entries.why:
        print(f"New entries are still refused (Redis at {redis}): {entries.why}.")
    else:
        print(f"New entries are allowed (Redis at {redis}).")


def read_duration(text: str) -> timedelta:
    """The duration that a text such as 2h means. Raises StopProgram if it is malformed or longer than a year."""
    if match := re.fullmatch(r"([0-9]{1,6})([mhd])", text.strip().lower()):
        found = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
        if timedelta(0) < found <= _LONGEST:
            return found
    raise StopProgram(
        f"--for {text} is no duration: a number of m, h or d such as 30m, 2h or 1d, a year at most"
    )
