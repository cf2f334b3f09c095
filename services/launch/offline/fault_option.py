"""Reads the option --faults, which names the faults of the exchange in a few words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from services.common.errors import StopProgram
from services.common.values import timeframe_seconds
from services.replay_exchange.faults import Faults, RecurringGap


def read_faults(text: str) -> Faults:
    """Read for example `latency=0.5,drops=60,gaps=10m/2h`; times are seconds, or written like a timeframe.

    Raises:
        StopProgram: a name is unknown or given twice, or a value is wrong; the message says what is allowed.
    """
    given: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if name not in _FAULTS:
            raise StopProgram(f"--faults {part}: there is no fault {name!r}; there are {_listed(_FAULTS)}")
        field, read = _FAULTS[name]
        if field in given:
            raise StopProgram(f"--faults names {name} twice")
        try:
            given[field] = read(value)
        except ValueError as error:
            raise StopProgram(
                f"--faults {part}: {error}; write for example latency=0.5,drops=60,gaps=10m/2h"
            ) from None
    try:
        return Faults(**given)
    except ValueError as error:
        raise StopProgram(f"--faults {text}: {error}") from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float(timeframe_seconds(text))
    if not 0 < seconds < math.inf:
        raise ValueError(f"{text} is not a time above 0")
    return seconds


def _gap(text: str) -> RecurringGap:
    length, slash, every = text.partition("/")
    if not slash:
        raise ValueError(f"{text!r} does not say of how long: LENGTH/EVERY")
    seconds, period = _seconds(length), _seconds(every)
    if seconds >= period:
        raise ValueError(f"a gap of {length} in every {every} leaves no candles")
    return RecurringGap(length_seconds=math.ceil(seconds), every_seconds=math.ceil(period))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


_FAULTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "latency": ("latency_seconds", _seconds),
    "drops": ("drop_websockets_seconds", _seconds),
    "gaps": ("recurring_gap", _gap),
}
