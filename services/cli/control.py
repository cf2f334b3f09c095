"""`cryptoboy pause` and `resume`: stop the strategy from opening trades, and let it again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.cli.support.options import OF_STORE, Json, next_step, settings_for, store_hint
from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.common.store.holds import OPERATOR, Hold, Holds
from services.operations.entries import Entries, entries_of

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
    entries = _change(settings, lambda holds: holds.set(Hold(OPERATOR, reason, now, until)))
    if json_output:
        _print_json(settings, entries)
        return
    end = f"This ends at {until:%Y-%m-%d %H:%M} UTC; before that " if until else ""
    print(
        f"New entries are paused from the bot's next loop on (Redis at {_place(settings)}); exits go on. "
        f"{end}./cryptoboy resume lets them again."
    )


def resume(
    owner: Annotated[
        list[str] | None, typer.Option(help="Lift the hold of this owner instead of your own.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Lift every hold, whosever it is.")] = False,
    json_output: Json = False,
) -> None:
    """Let the strategy open trades again: lift the operator's hold, and those of others that you name.

    Also what a store needs that has lost its holds: afterwards entries are open unless somebody holds them.

    Example: ./cryptoboy resume
    """
    settings = settings_for(uses=OF_STORE)

    def lift(holds: Holds) -> None:
        there = holds.read().owners
        if unknown := sorted(set(owner or ()) - {OPERATOR, *there}):
            raise StopProgram(
                f"there is no hold of {', '.join(unknown)}; there is {', '.join(there) or 'none'}"
            )
        wanted = {OPERATOR, *there} if everyone else set(owner or [OPERATOR])
        if OPERATOR in wanted:
            holds.resume(wanted, datetime.now(UTC))
        for name in wanted - {OPERATOR}:
            holds.lift(name)

    entries = _change(settings, lift)
    if json_output:
        _print_json(settings, entries)
    elif entries.state == "open":
        print(f"New entries are allowed (Redis at {_place(settings)}).")
    else:
        print(f"New entries are still refused (Redis at {_place(settings)}): {entries.why}.")


def read_duration(text: str) -> timedelta:
    """Of a number and a unit. Raises StopProgram if it is none, or longer than a year."""
    if match := re.fullmatch(r"([0-9]{1,6})([mhd])", text.strip().lower()):
        found = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
        if timedelta(0) < found <= _LONGEST:
            return found
    raise StopProgram(
        f"--for {text} is no duration: a number of m, h or d such as 30m, 2h or 1d, a year at most"
    )


def _change(settings: Settings, change: Callable[[Holds], None]) -> Entries:
    from services.common.store.open import open_store

    store = open_store(settings)
    try:
        with next_step(store_hint(settings)):
            change(store.holds)
            return entries_of(store.holds.read())
    finally:
        store.close()


def _print_json(settings: Settings, entries: Entries) -> None:
    print(json.dumps({**entries.as_json(), "redis": _place(settings)}))


def _place(settings: Settings) -> str:
    from services.common.store.redis.client import address_of

    return address_of(settings)
