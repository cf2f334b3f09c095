"""Reads the file of rules and its preset, and refuses what cannot be meant, with the line and the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.common.errors import StopProgram
from services.common.files import read_small
from services.common.settings.folders import CONFIGURATION
from services.common.settings.settings import Settings
from services.notifier.rules.document import ChannelTable, Document, RuleTable, Table, WatchTable
from services.notifier.rules.lines import line_at, lines_of
from services.notifier.rules.never import Fault, never_fire
from services.notifier.rules.rule import Rules

FILE_NAME = "notify.toml"
_PRESETS = Path(__file__).with_name("presets")
_TABLES: dict[str, type[Table]] = {"channels": ChannelTable, "watch": WatchTable, "rules": RuleTable}


def load_rules(settings: Settings, channels: Collection[str] | None = None) -> Rules:
    """The rules of NOTIFY_RULES_FILE with those of its preset; without a file, the preset `normal`.

    Args:
        settings: names the file.
        channels: the names of the channels that there are; None: those of the settings.

    Raises:
        StopProgram: the file cannot be read, or something in it cannot be meant. The message names each line.
    """
    path = settings.notify_rules_file or CONFIGURATION / FILE_NAME
    if settings.notify_rules_file is None and not path.exists():
        text = ""
    else:
        try:
            text = read_small(path)
        except (OSError, UnicodeDecodeError) as error:
            raise StopProgram(f"NOTIFY_RULES_FILE={path} cannot be read: {error}") from error
    names = settings.channel_names if channels is None else channels
    return rules_of(text, str(path), names, settings.trading_pairs)


def rules_of(text: str, place: str, channels: Collection[str], scored: Collection[str]) -> Rules:
    """The rules of a text as it stands in a file.

    Args:
        text: TOML.
        place: the name of the file for messages.
        channels: the names of the channels that there are.
        scored: the pairs and assets that are scored.

    Raises:
        StopProgram: as `load_rules`.
    """
    document = _document(text, place)
    known = {name: document.channels.get(name, ChannelTable()) for name in channels}
    faults = [*_of_tables(document, known), *never_fire(document.rules, known, document.watch, scored)]
    _refuse(faults, text, place)
    return Rules(
        rules=(*document.rules, *preset_rules(document.preset)),
        channels=known,
        watch=document.watch,
        timezone=document.timezone,
        quiet_hours=document.quiet_hours,
    )


@cache
def preset_rules(name: str) -> tuple[RuleTable, ...]:
    """The rules of a preset; none of `none`."""
    if name == "none":
        return ()
    return Document(**tomllib.loads((_PRESETS / f"{name}.toml").read_text(encoding="utf-8"))).rules


def _document(text: str, place: str) -> Document:
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StopProgram(f"{place} is no TOML: {error}") from error
    try:
        return Document(**written)
    except ValidationError as error:
        faults = [
            Fault(tuple(problem["loc"]), _why(tuple(problem["loc"]), problem["type"], problem["msg"]))
            for problem in error.errors(include_url=False)
        ]
        _refuse(faults, text, place)
        raise


def _why(where: tuple[str | int, ...], kind: str, message: str) -> str:
    if kind != "extra_forbidden":
        return message.removeprefix("Value error, ")
    table = _TABLES.get(str(where[0]), Document) if len(where) > 1 else Document
    near = get_close_matches(str(where[-1]), table.model_fields, 1)
    meant = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(table.model_fields)}"
    return f"{where[-1]} is not known here{meant}"


def _of_tables(document: Document, known: dict[str, ChannelTable]) -> list[Fault]:
    there = ", ".join(sorted(known)) or "none"
    faults = [
        Fault(("channels", name), f"there is no channel {name} in NOTIFY_URLS; there is {there}")
        for name in document.channels.keys() - known.keys()
    ]
    if document.watch.hysteresis >= 2 * document.watch.mood:
        faults.append(Fault(("watch", "hysteresis"), "a mood would not end before the opposite one begins"))
    for name, table in document.channels.items():
        if table.escalate_to is not None and (table.escalate_to == name or table.escalate_to not in known):
            why = f"{table.escalate_to} is no other channel; there is {there}"
            faults.append(Fault(("channels", name, "escalate_to"), why))
    return faults


def _refuse(faults: Collection[Fault], text: str, place: str) -> None:
    if not faults:
        return
    lines = lines_of(text)
    said: list[tuple[int, str]] = sorted(
        (line_at(lines, fault.where), f"{_shown(fault.where)}: {fault.why}") for fault in faults
    )
    listed = "".join(f"\n  {place}:{line}: {why}" for line, why in said)
    raise StopProgram(f"the rules of notifications cannot be used:{listed}")


def _shown(where: tuple[Any, ...]) -> str:
    """A place in the file as people name it: `rules 2, pairs`."""
    parts = [str(part + 1) if isinstance(part, int) else str(part) for part in where]
    return " ".join(parts[:2]) + (f", {' '.join(parts[2:])}" if parts[2:] else "")
