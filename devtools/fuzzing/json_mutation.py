"""Changes JSON documents so that they stay valid JSON, which changes of single bytes rarely achieve.

The JSON parsers are compiled, so a search guided by coverage cannot see their branches. Such a search needs inputs
that are valid except for one detail.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

ODD_VALUES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    7,
    10**15,
    2**63,
    -(2**63) - 1,
    10**400,
    0.7,
    -0.3,
    -0.0,
    5e-324,
    1.7976931348623157e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "x",
    "NaN",
    "\x00",
    "\ud800",
    "\u202e",
    "ÿ" * 300,
    "x" * 2_001,
    "BTC/USDT",
    "../x",
    "1m",
    "9999w",
    "2026-03-02T10:00:00",
    "2026-03-02T10:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-23:59",
    "1772445600",
    "-1",
    "asset",
    "hack",
    "very_bullish",
    [],
    {},
    [[]],
    {"": {}},
)
MAX_CHANGES = 3
MOST_NUDGED = 2**63


def mutated(data: bytes, chance: random.Random) -> bytes | None:
    """The document with a few fields changed, added or removed; None if `data` is not a JSON object."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    for _ in range(chance.randint(1, MAX_CHANGES)):
        chance.choice(_CHANGES)(_somewhere(document, chance), chance)
    return json.dumps(document, ensure_ascii=chance.choice((True, False))).encode(errors="surrogatepass")


def _somewhere(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return, chosen at random, the document itself or one of the objects that are its direct values."""
    inner = [value for value in document.values() if isinstance(value, dict)]
    return chance.choice([document, *inner])


def _odd(chance: random.Random) -> object:
    return deepcopy(chance.choice(ODD_VALUES))  # a copy, because a later change may modify it


def _replace(place: dict[str, Any], chance: random.Random) -> None:
    if place:
        place[chance.choice(list(place))] = _odd(chance)


def _exchange(place: dict[str, Any], chance: random.Random) -> None:
    """Swap the values of two fields."""
    if place:
        one, other = (chance.choice(list(place)) for _ in range(2))
        place[one], place[other] = place[other], place[one]


def _nudge(place: dict[str, Any], chance: random.Random) -> None:
    """Change a number slightly, or one character of a text."""
    if not place:
        return
    name = chance.choice(list(place))
    value = place[name]
    if isinstance(value, int | float) and abs(value) < MOST_NUDGED:
        place[name] = value + chance.choice((-1, 1, -0.5, 1e-9))
    elif isinstance(value, str):
        cut = chance.randint(0, len(value))
        place[name] = value[:cut] + chance.choice(("", "0", "-", "\n", "é", "\U0001f680")) + value[cut + 1 :]


def _take_away(place: dict[str, Any], chance: random.Random) -> None:
    if place:
        del place[chance.choice(list(place))]


def _add(place: dict[str, Any], chance: random.Random) -> None:
    place[chance.choice(("surprise", "", "BTC", "x" * 5_000, "\x00\u202e"))] = _odd(chance)


def _nest(place: dict[str, Any], chance: random.Random) -> None:
    if place:
        name = chance.choice(list(place))
        place[name] = chance.choice(([place[name]], {name: place[name]}))


_CHANGES: tuple[Callable[[dict[str, Any], random.Random], None], ...] = (
    _replace,
    _replace,
    _exchange,
    _nudge,
    _nudge,
    _take_away,
    _add,
    _nest,
)
