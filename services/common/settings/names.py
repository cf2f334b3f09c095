"""Which variables are meant for this project, which are misspelt, and which belong to other programs.

A variable that is not ours is a mistake if its name is similar to one of ours, if its name has a prefix that only our
variables have, or if it is in our own `.env` file. Variables of other programs that share the environment or the file
(`is_of_others`) are never mistakes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.common.settings import others

SUFFIX = "_FILE"
"""The suffix of a variable that contains the path of a file with a secret."""

# A variable that begins like this is meant for us, so an unknown one is a mistake.
OWN_PREFIXES = (
    "NEWS_",
    "SENTIMENT_",
    "SIGNAL_",
    "TRADING_",
    "CANDLE_",
    "MARKET_",
    "CRYPTOBOY_",
    "BINANCE_",
    "STRATEGY_",
)
# Shared with the servers' own programs (RABBITMQ_NODENAME): a name that is mostly one of ours is a mistake.
SHARED_PREFIXES = (
    "API_",
    "RABBITMQ_",
    "REDIS_",
    "OLLAMA_",
    "OPENAI_",
    "FREQTRADE_",
    "LIVE_",
    "LOG_",
    "HEALTH_",
    "TELEGRAM_",
    "DRY_",
    "QUEUE_",
    "RETRY_",
    "STAKE_",
    "HISTORY_",
)
# Read by the programs themselves, not through the settings.
OTHER_OWN_NAMES = frozenset(
    {
        *("SENTIMENT_CSV", "CRYPTOBOY_API_KEY", "CRYPTOBOY_API_KEY_FILE"),
        *("CRYPTOBOY_VENV", "CRYPTOBOY_PYTHON", "CRYPTOBOY_ENV_FILE"),
    }
)
# Read by Compose, from the same .env.
COMPOSE_NAMES = frozenset(
    {
        "ALERTMANAGER_URL",
        "CRYPTOBOY_SECRETS",
        "CRYPTOBOY_VERSION",
        "CRYPTOBOY_OLLAMA_HOST",
        "MORE_NEWS_SOURCES",
        "OLLAMA_CPUS",
        "OLLAMA_MEMORY",
        "PROMETHEUS_URL",
        "SENTIMENT_PROCESSORS",
    }
)
# What Kubernetes and Docker add for each service or link that a container may call.
_ORCHESTRATOR_NAME = re.compile(
    r"_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?|ENV_\w+)\Z", re.ASCII
)
_ORCHESTRATOR_VALUE = re.compile(r"(tcp|udp|sctp)://", re.ASCII)
_MOSTLY_ALIKE = 0.83
_PERHAPS_MEANT = 0.75
_LONG = 11  # letters; a name of this length may differ by two letters, a shorter one by one


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A variable that is meant for us but is not one of our variables.

    Attributes:
        meant: our variable with a similar name; None if no variable has a similar name.
    """

    name: str
    meant: str | None

    @property
    def field(self) -> str:
        """The setting that the variable is meant to set; the variable's own name if no setting has a similar name."""
        return (self.meant or self.name).removesuffix(SUFFIX).lower()

    def __str__(self) -> str:
        if self.meant is None:
            return f"{self.name}: no such variable; see .env.example for the ones there are"
        if self.name == self.meant + SUFFIX:
            return f"{self.name}: only secrets can stand in a file; did you mean {self.meant}?"
        return f"{self.name}: no such variable; did you mean {self.meant}?"


def find_unknown_names(
    environ: Mapping[str, str], from_file: Mapping[str, str], known: Collection[str]
) -> list[UnknownName]:
    """Return the variables that are meant for us but are not ours, in the order of their names."""
    ours = {*known, *COMPOSE_NAMES, *OTHER_OWN_NAMES}
    unknown = []
    for name in sorted({*environ, *from_file}):
        value = environ.get(name, from_file.get(name, ""))
        if name in known or is_of_others(name, value) or is_theirs_elsewhere(name, from_file):
            continue
        meant = _meant(name, ours)
        if name in from_file or meant is not None or name.startswith(OWN_PREFIXES):
            unknown.append(UnknownName(name, meant or _similar(name, ours, _PERHAPS_MEANT)))
    return unknown


def is_of_others(name: str, value: str) -> bool:
    """Whether a variable belongs to another program, or to a part of ours that reads no settings."""
    if name in OTHER_OWN_NAMES or name in COMPOSE_NAMES or is_of_orchestrator(name, value):
        return True
    upper = name.upper()
    return upper in others.NAMES or upper.startswith(others.PREFIXES) or upper.endswith(others.SUFFIXES)


def is_theirs_elsewhere(name: str, from_file: Collection[str]) -> bool:
    """Whether a name that other programs also use is theirs: it is if our own file does not contain the name."""
    return name in others.NAMES_ELSEWHERE and name not in from_file


def is_of_orchestrator(name: str, value: str) -> bool:
    """Whether Kubernetes or Docker set the variable for a service, such as REDIS_PORT=tcp://10.0.0.1:6379."""
    is_address = name.endswith("_PORT") and _ORCHESTRATOR_VALUE.match(value) is not None
    return is_address or _ORCHESTRATOR_NAME.search(name) is not None


def _meant(name: str, known: Collection[str]) -> str | None:
    """Return the variable of ours that `name` probably misspells."""
    upper = name.upper().replace("-", "_")
    bare = upper.removeprefix("CRYPTOBOY_")
    for candidate in (bare, bare.removesuffix(SUFFIX)):
        if candidate in known:
            return candidate
    if swapped := next((ours for ours in known if sorted(ours.split("_")) == sorted(bare.split("_"))), None):
        return swapped
    if near := _nearest(upper, known) or _nearest(bare, known):
        return near
    return _similar(bare, known, _MOSTLY_ALIKE) if upper.startswith(SHARED_PREFIXES) else None


def _nearest(name: str, known: Collection[str]) -> str | None:
    """Return our name that is nearest to `name`, with one or two letters left out, added, replaced or swapped."""
    letters = name.replace("_", "")
    best: tuple[int, str] | None = None
    for ours in known:
        theirs = ours.replace("_", "")
        allowed = 2 if len(theirs) >= _LONG else 1
        distance = edits_between(letters, theirs, allowed)
        if distance <= allowed and (best is None or (distance, ours) < best):
            best = (distance, ours)
    return best[1] if best else None


def edits_between(a: str, b: str, allowed: int) -> int:
    """The number of letters to leave out, add, replace or swap to turn `a` into `b`, at most `allowed + 1`."""
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    if abs(len(a) - len(b)) > allowed:
        return allowed + 1
    if not a or not b:
        return len(a) + len(b)
    if not allowed:
        return 1
    left_out, added, replaced, swapped = (a[1:], b), (a, b[1:]), (a[1:], b[1:]), (a[2:], b[2:])
    ways = [left_out, added, replaced, *([swapped] if a[:2] == b[1::-1] else [])]
    return 1 + min(edits_between(*way, allowed - 1) for way in ways)


def _similar(name: str, known: Collection[str], least: float) -> str | None:
    near = difflib.get_close_matches(name, known, 1, least)
    return near[0] if near else None
