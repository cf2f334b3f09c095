"""Mistakes in a configuration, said so that a person can mend them. Secrets are never repeated."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from services.common.errors import StopProgram
from services.common.settings_secrets import is_secret

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
# These prefixes are shared with the servers' own programs (OLLAMA_MODELS, RABBITMQ_NODENAME) and with what
# an orchestrator adds (REDIS_PORT_6379_TCP): here only a near miss of one of our names is a mistake.
SHARED_PREFIXES = (
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
)
# Read by the programs themselves, not through the settings.
OTHER_OWN_NAMES = frozenset({"SENTIMENT_CSV", "CRYPTOBOY_VENV", "CRYPTOBOY_PYTHON", "CRYPTOBOY_ENV_FILE"})
# Read by Compose, from the same .env.
COMPOSE_NAMES = frozenset(
    {"CRYPTOBOY_SECRETS", "CRYPTOBOY_VERSION", "CRYPTOBOY_OLLAMA_HOST", "OLLAMA_CPUS", "OLLAMA_MEMORY"}
)
FOREIGN_NAMES = frozenset(
    {"RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS", "RABBITMQ_DEFAULT_VHOST", "REDIS_URL"}
)
_ORCHESTRATOR_NAME = re.compile(r"_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$")
_NEAR_MISS = 0.84
# In plain words what pydantic says of text that is none of a type.
_EXPECTED = {
    "float_parsing": "expected a number such as 100",
    "int_parsing": "expected a whole number such as 3",
    "bool_parsing": "expected true or false",
}
_CREDENTIALS = re.compile(r"//[^/\s]*@")


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a `.env` file by name; an absent file has none.

    Raises:
        StopProgram: the file is there but cannot be read as text.
    """
    if not path.is_file():
        return {}
    try:
        return {name.upper(): value or "" for name, value in dotenv_values(path, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise StopProgram(
            f"{path} cannot be read: {error}. Write it as UTF-8 lines of NAME=value."
        ) from error


def find_unknown_names(
    environ: Mapping[str, str], from_file: Mapping[str, str], known: Collection[str]
) -> list[str]:
    """A line for each variable that looks meant for us but is none of ours."""
    lines = []
    for name in sorted({*environ, *from_file}):
        if name in known or name in OTHER_OWN_NAMES or name in COMPOSE_NAMES:
            continue
        in_file = name in from_file
        if in_file or _is_ours(name, known):
            lines.append(f"{name}: no such variable{_suggestion(name, known)}")
    return lines


def _is_ours(name: str, known: Collection[str]) -> bool:
    if name in FOREIGN_NAMES or _ORCHESTRATOR_NAME.search(name):
        return False
    if name.startswith(OWN_PREFIXES):
        return True
    return name.startswith(SHARED_PREFIXES) and bool(difflib.get_close_matches(name, known, 1, _NEAR_MISS))


def _suggestion(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.75)
    return f"; did you mean {near[0]}?" if near else "; see .env.example for the ones there are"


def describe_mistakes(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[str]:
    """A line for each value that is not allowed: variable, value, what is wrong, what is allowed."""
    lines = []
    reported = set[str]()
    for problem in error.errors(include_url=False):
        field = str(problem["loc"][0]) if problem["loc"] else ""
        if field in reported and problem["type"] == "too_short":
            continue  # nothing is left of a list because its members were refused
        reported.add(field)
        info = fields.get(field)
        message = _EXPECTED.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
        allowed = f" ({info.description})" if info and info.description else ""
        lines.append(f"{field.upper()}={_shown(problem['input'], info)}: {message}{allowed}")
    return lines


def _shown(value: Any, info: FieldInfo | None) -> str:  # noqa: ANN401 - whatever was given
    secret = info is not None and is_secret(info)
    if secret or isinstance(value, (SecretStr, dict)) or str(value).lstrip().startswith("{"):
        return "***"  # a secret, or an object that may hold one, such as an exchange's key
    text = _CREDENTIALS.sub("//***@", str(value))
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004 - a line's worth
